using System.Text;
using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Host.Interop;
using Overlay.Testing;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed class BpfProgramTests
{
    private static readonly IReadOnlyDictionary<string, BpfMap> _noMaps = new Dictionary<string, BpfMap>();

    [Fact]
    public void The_verifiers_reason_is_in_the_error()
    {
        // exit, with nothing in the register of the result.
        ProgramImage image = new("ov_broken", new byte[] { 0x95, 0, 0, 0, 0, 0, 0, 0 }, []);
        LinuxException refused = Should.Throw<LinuxException>(() => BpfProgram.Load(image, _noMaps, "GPL"));
        refused.Call.ShouldBe("bpf BPF_PROG_LOAD");
        refused.Message.ShouldContain("ov_broken");
        refused.Message.ShouldContain("R0 !read_ok");
        refused.Errno.ShouldBe(Errno.EACCES);
    }

    [Fact]
    public void A_program_runs_on_a_frame_and_its_value_is_seen()
    {
        using BpfProgram program = TinyProgram.Returning(7);
        program.Run(new byte[64]).ShouldBe(7);
    }

    [Fact]
    public void Without_capabilities_the_error_names_the_call_and_the_object()
    {
        LinuxException refused = Should.Throw<LinuxException>(
            () => OtherUser.Run(static () => TinyProgram.Returning(0)));
        refused.Errno.ShouldBe(Errno.EPERM);
        refused.Message.ShouldContain("BPF_PROG_LOAD on program tiny");
        Should.Throw<LinuxException>(() => OtherUser.Run(
                static () => BpfMap.Create("ov_rt4", new MapDefinition(11, 8, 8, 16, 1))))
            .Message.ShouldContain("BPF_MAP_CREATE on map ov_rt4");
    }

    [Theory]
    [InlineData("R1 bad\nprocessed 3 insns (limit 1000000)\n", "R1 bad")]
    [InlineData("verification time 5 usec\nstack depth 0\nprocessed 1 insns\n", "")]
    [InlineData("", "")]
    public void The_verifiers_last_line_is_that_before_its_counts(string log, string expected) =>
        BpfProgram.LastLine(Encoding.ASCII.GetBytes(log + "\0\0")).ShouldBe(expected);
}
