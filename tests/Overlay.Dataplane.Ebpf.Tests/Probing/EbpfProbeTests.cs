using Overlay.Dataplane.Ebpf.Probing;
using Overlay.Host.Interop;
using Overlay.Testing;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed class EbpfProbeTests : IDisposable
{
    private readonly TwoNodes _nodes = new();

    [Fact]
    public void A_kernel_that_has_everything_is_usable_and_the_probe_leaves_nothing()
    {
        string before = _nodes.A.Run("ip", "-o", "link").Output;
        ProbeResult result = _nodes.A.Invoke(EbpfProbe.Run);
        result.Reason.ShouldBeNull();
        result.IsUsable.ShouldBeTrue();

        // Any kernel that these tests run on is later than these.
        (result.HasDirectEgress, result.HasInnerFamilies).ShouldBe((true, true));
        _nodes.A.Run("ip", "-o", "link").Output.ShouldBe(before);
    }

    [Fact]
    public void Links_are_found_where_tcx_is()
    {
        ProbeResult result = _nodes.A.Invoke(EbpfProbe.Run);
        result.HasTcx.ShouldBe(Environment.OSVersion.Version >= new Version(6, 6));
        result.Shortcomings.ShouldBe(
            result.HasTcx ? "" : "programs are filters of clsact, as the kernel has no TCX links (Linux 6.6)");
    }

    [Fact]
    public void Without_capabilities_the_reason_says_which_are_needed()
    {
        ProbeResult result = _nodes.A.Invoke(static () => OtherUser.Run(EbpfProbe.Run));
        result.IsUsable.ShouldBeFalse();
        result.Reason.ShouldNotBeNull().ShouldContain("this process needs CAP_BPF and CAP_NET_ADMIN");
        result.Shortcomings.ShouldBe(result.Reason);
    }

    [Theory]
    [InlineData("bpf BPF_PROG_LOAD", Errno.EINVAL, "this kernel's verifier does not take the program")]
    [InlineData("RTM_NEWLINK (vxlan)", Errno.EOPNOTSUPP, "this kernel has no vxlan devices (CONFIG_VXLAN)")]
    [InlineData("bpf BPF_MAP_CREATE", Errno.ENOSYS, "this kernel is built without bpf(2)")]
    public void A_refusal_is_explained(string call, int errno, string expected)
    {
        string sentence = EbpfProbe.Sentence(new LinuxException(call, "the subject", errno));
        sentence.ShouldContain(expected);
        sentence.ShouldContain("the subject");
    }

    public void Dispose() => _nodes.Dispose();
}
