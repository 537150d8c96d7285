using Overlay.Daemon.Problems;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Networks;

/// <summary>Compares the MTU of the pods' bridge with that of the overlay.</summary>
/// <param name="problems">Gets a difference, which costs pods an ICMP error for each connection, or throughput.</param>
internal sealed class BridgeMtuCheck(ProblemBoard problems)
{
    private const string Key = "bridge's MTU";

    /// <summary>Looks once.</summary>
    /// <param name="bridge">The device of the pods; null while there is none.</param>
    /// <param name="mtu">Bytes of the largest packet of pods of either family, as subnet.env has it.</param>
    public void Look(LinkInfo? bridge, int mtu)
    {
        if (bridge is not null && bridge.Mtu != mtu) problems.Report(Key, ProblemSeverity.Warning, Difference(bridge, mtu));
        else Withdraw();
    }

    /// <summary>Takes back what was reported.</summary>
    public void Withdraw() => problems.Report(Key, ProblemSeverity.Warning);

    private static string Difference(LinkInfo bridge, int mtu)
    {
        string name = bridge.Name;
        return bridge.Mtu > mtu
            ? $"{name} has MTU {bridge.Mtu}, and the overlay carries packets of {mtu} bytes: pods learn of that by ICMP alone; "
                + $"ip link set dev {name} mtu {mtu}, and an MTU of {mtu} for pods that are made from now on"
            : $"{name} has MTU {bridge.Mtu}, and the overlay carries packets of {mtu} bytes: pods use less than they could, and "
                + $"one with a larger MTU learns of that by ICMP alone; which link is the smallest: ip link show master {name}";
    }
}
