using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Firewall;

/// <summary>
/// Looks for networks of this host that meet the cluster's: addresses such as docker0's, and routes of other programs.
/// </summary>
internal sealed class HostAddressPlan(OverlayOptions options, string device)
{
    private readonly IpPrefix[] _clusters = [.. options.Network.Cidrs];
    private readonly IpPrefix[] _pods = [.. options.PodCidrs];

    /// <summary>A sentence for each pair of prefixes that meet.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public IReadOnlyList<string> Find()
    {
        using RouteNetlink netlink = new();

        // A dump may have a link twice, where it is renamed meanwhile.
        Dictionary<int, string> links = [];
        foreach (LinkInfo link in netlink.GetLinks()) links[link.Index] = link.Name;
        IEnumerable<string> networks = netlink.GetAddresses()
            .Where(address => address.IsGlobal && !IsOwn(address.Network, Name(address.LinkIndex)))
            .SelectMany(address => Meetings(address, Name(address.LinkIndex)));

        // A route to a range around the cluster takes nothing from it: the longer prefix wins.
        IEnumerable<string> routes = netlink
            .GetRoutes(new RouteFilter(Within: [.. _clusters, .. options.ServiceCidrs]))
            .Where(route => route.Protocol is not (RouteProtocol.Overlay or RouteProtocol.Kernel)
                && !IsOwn(route.Prefix, Name(route.LinkIndex)))
            .SelectMany(route => Meetings(route, Name(route.LinkIndex)));
        return ShortList.Of(
            networks.Concat(routes).Distinct(),
            "further networks and routes of this host meet the cluster's: ip address show; ip route show");

        string Name(int index) => links.GetValueOrDefault(index, "no device");
    }

    // The TUN, and the bridge of the local pods.
    private bool IsOwn(IpPrefix prefix, string link) => link == device || _pods.Any(pods => pods.Contains(prefix));

    private IEnumerable<string> Meetings(AddressInfo address, string link)
    {
        string what = $"the network {address.Network} of {link}";
        return Meetings(
            what, address.Network, static (ours, theirs) => ours.Overlaps(theirs),
            cluster => $"{what} overlaps the cluster CIDR {cluster}: pods there are not reached");
    }

    private IEnumerable<string> Meetings(RouteInfo route, string link)
    {
        string what = $"the route to {route.Prefix} by {link}";
        string way = $"{route.Prefix}{(route.Gateway is { } gateway ? $" via {gateway}" : "")}";
        return Meetings(
            what, route.Prefix, static (ours, theirs) => ours.Contains(theirs),
            cluster => $"{what} lies in the cluster CIDR {cluster}: packets for pods there go that way and not by the "
                + $"tunnel; unless they are to, ip route delete {way}");
    }

    private IEnumerable<string> Meetings(
        string what, IpPrefix prefix, Func<IpPrefix, IpPrefix, bool> meets, Func<IpPrefix, string> meeting)
    {
        foreach (IpPrefix cluster in _clusters.Where(cluster => meets(cluster, prefix))) yield return meeting(cluster);

        // A single address is no network: kube-proxy gives ClusterIPs to kube-ipvs0, and a DNS cache on the node has
        // its own address.
        if (prefix.Length == prefix.Address.Bits) yield break;
        foreach (IpPrefix services in options.ServiceCidrs.Where(services => meets(services, prefix)))
            yield return $"{what} overlaps the service CIDR {services}: an address may be a host's and a Service's";
    }
}
