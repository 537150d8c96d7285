using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Dataplane.Ebpf.Probing;
using Overlay.Testing;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed class CapabilityTests
{
    [Fact]
    public void Every_program_loads_without_cap_perfmon()
    {
        int loaded = LimitedThread.Run(static () =>
        {
            BpfObject source = BpfObject.ReadEmbedded();
            using TierMaps maps = TierMaps.Create(source);
            int count = 0;
            foreach (ProgramImage image in source.Programs.Values)
            {
                BpfProgram.Load(image, maps.ByName, source.License).Dispose();
                count++;
            }

            return count;
        }, LimitedThread.Bpf, LimitedThread.NetAdmin);
        loaded.ShouldBe(6);
    }

    [Fact]
    public void The_tier_is_usable_with_cap_bpf_and_cap_net_admin()
    {
        // A new thread is in its maker's namespace.
        using TwoNodes nodes = new();
        ProbeResult result = nodes.A.Invoke(
            static () => LimitedThread.Run(EbpfProbe.Run, LimitedThread.Bpf, LimitedThread.NetAdmin));
        result.Reason.ShouldBeNull();
    }

    [Theory]
    [InlineData(LimitedThread.Bpf)]
    [InlineData(LimitedThread.NetAdmin)]
    public void One_of_the_two_capabilities_is_not_enough(int capability)
    {
        ProbeResult result = LimitedThread.Run(EbpfProbe.Run, capability);
        result.IsUsable.ShouldBeFalse();
        result.Reason.ShouldNotBeNull().ShouldContain("this process needs CAP_BPF and CAP_NET_ADMIN");
    }
}
