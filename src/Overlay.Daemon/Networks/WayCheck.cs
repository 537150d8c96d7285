using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>
/// Looks whether pods' packets go to the TUN, and tunnels to the underlay, by the kernel's own answer.
/// </summary>
/// <param name="netlink">Used by this and by what looks beside it, on one thread.</param>
/// <param name="options">The cluster and this node's pod CIDRs.</param>
/// <param name="underlay">Where tunnels end.</param>
/// <param name="table">The peers.</param>
/// <param name="problems">Gets what takes packets away.</param>
internal sealed class WayCheck(
    RouteNetlink netlink, OverlayOptions options, UnderlayInterface underlay, TablePublisher table,
    ProblemBoard problems)
{
    private const string PodsKey = "pods' ways";
    private const string TunnelsKey = "tunnels' ways";

    private readonly PolicyRouting _routing = new(netlink);

    /// <summary>Looks once.</summary>
    /// <param name="device">The TUN's name.</param>
    /// <param name="bridge">The device of the pods; null while there is none.</param>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public void Look(string device, LinkInfo? bridge)
    {
        if (netlink.FindLink(device) is not { IsUp: true } tun)
        {
            Withdraw();
            return;
        }

        List<string?> pods = [];
        if (options is { Network.Cidr: { } cluster, Subnet: { } subnet }) pods.Add(Find(cluster, subnet));
        if (options is { Network.CidrV6: { } clusterV6, SubnetV6: { } subnetV6 }) pods.Add(Find(clusterV6, subnetV6));
        problems.Report(PodsKey, ProblemSeverity.Problem, pods.OfType<string>());
        problems.Report(TunnelsKey, ProblemSeverity.Warning, Peers()
            .Select(peer => _routing.FindDiversion(underlay, peer, options.Network.Port)).OfType<string>().Distinct());

        string? Find(IpPrefix cidr, IpPrefix own) =>
            _routing.FindDiversion(cidr, Elsewhere(cidr, own), Inside(own, 2), tun, bridge);
    }

    /// <summary>Takes back what was reported.</summary>
    public void Withdraw()
    {
        problems.Report(PodsKey, ProblemSeverity.Problem);
        problems.Report(TunnelsKey, ProblemSeverity.Warning);
    }

    // A peer of each family speaks for all: what diverts them is hardly ever about a single one.
    private IEnumerable<IpAddress> Peers() => table.Current.Routes
        .Select(static route => route.Via?.Address).OfType<IpAddress>()
        .GroupBy(static address => address.Family).Select(static family => family.First());

    // A peer's pod CIDR, which a direct route may lead to, or any other address of the cluster.
    private IpAddress Elsewhere(IpPrefix cluster, IpPrefix own)
    {
        foreach (Route route in table.Current.Routes)
        {
            if (!route.IsLocal && route.Prefix.Family == cluster.Family) return Inside(route.Prefix, 2);
        }

        return own.Contains(cluster.Address) ? Last(cluster) : Inside(cluster, 2);
    }

    private static IpAddress Inside(IpPrefix prefix, byte host)
    {
        Span<byte> bytes = stackalloc byte[Ipv6Address.Length];
        int length = prefix.Address.Write(bytes);
        if (prefix.Address.Bits - prefix.Length > 2) bytes[length - 1] |= host;
        return IpAddress.Read(bytes[..length]);
    }

    private static IpAddress Last(IpPrefix prefix)
    {
        Span<byte> bytes = stackalloc byte[Ipv6Address.Length];
        int length = prefix.Address.Write(bytes);

        // The last of all is a broadcast address to some.
        for (int bit = prefix.Length; bit < (length * 8) - 1; bit++) bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return IpAddress.Read(bytes[..length]);
    }
}
