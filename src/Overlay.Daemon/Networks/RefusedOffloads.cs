using Overlay.Daemon.Problems;
using Overlay.Dataplane.Linux.Tun;

namespace Overlay.Daemon.Networks;

/// <summary>Reports the offloads of a TUN that its kernel has offered and then refuses.</summary>
internal static class RefusedOffloads
{
    /// <summary>Watches a new device's queues. What a former device was reported for is forgotten.</summary>
    public static void Watch(IReadOnlyList<TunDevice> queues, ProblemBoard problems)
    {
        foreach (Offloads offload in new[] { Offloads.TunTcp, Offloads.TunUdp })
            problems.Report(KeyOf(offload), ProblemSeverity.Warning);
        foreach (TunDevice queue in queues)
            queue.Refused = offload => problems.Report(
                KeyOf(offload), ProblemSeverity.Warning,
                $"{queue.Name} refuses {(offload == Offloads.TunTcp ? "TCP" : "UDP")} super-packets that the kernel has "
                + "offered to take (write: EINVAL): they are cut here from now on, which is slower; it is a kernel's "
                + $"defect: update it, or leave {offload} out of Overlay:Dataplane:Offloads");
    }

    private static string KeyOf(Offloads offload) => $"offload {offload}";
}
