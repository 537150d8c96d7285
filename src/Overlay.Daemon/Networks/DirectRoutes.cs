using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>Plain kernel routes to the pod CIDRs of peers that a network of this host's own leads to: no tunnel is needed there.</summary>
/// <remarks>
/// Each node decides for itself and for each peer, as flannel's nodes do: by whether the kernel's route to the peer's
/// public address has a gateway. The forwarding table holds such a peer too, so what it sends encapsulated is taken.
/// </remarks>
internal sealed class DirectRoutes : IDisposable
{
    private readonly RouteNetlink _netlink = new();
    private readonly OverlayOptions _options;
    private readonly string _device;
    private readonly ILogger<DirectRoutes> _logger;
    private readonly Lock _gate = new();
    private IReadOnlyList<Lease> _peers = [];
    private volatile IReadOnlyList<RouteInfo> _set = [];
    private volatile IReadOnlyList<string> _problems = [];
    private bool _isDisposed;

    /// <param name="options">Which families have pods.</param>
    /// <param name="device">The TUN, by which all else goes.</param>
    /// <param name="logger">Told of every route that is set or removed.</param>
    /// <exception cref="LinuxException">There is no rtnetlink.</exception>
    public DirectRoutes(OverlayOptions options, string device, ILogger<DirectRoutes> logger)
    {
        _options = options;
        _device = device;
        _logger = logger;
    }

    /// <summary>Which routes could not be set, and what else is in their way. Any thread may read it.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>A route of ours leads to that pod CIDR. Any thread may ask.</summary>
    public bool Contains(IpPrefix podCidr) => _set.Any(route => route.Prefix == podCidr);

    /// <summary>Takes other peers than before. Any thread may call.</summary>
    public void Follow(PeersSnapshot peers)
    {
        lock (_gate)
        {
            _peers = [.. peers.Peers.Where(static peer => peer.Verdict == LeaseVerdict.Accepted).Select(static peer => peer.Lease)];
        }

        try
        {
            Repair();
        }
        catch (LinuxException exception)
        {
            // The tunnel does meanwhile; the next change of a peer, a link or a route brings the next try.
            _logger.LogError("direct routes cannot be looked at: {Reason}", exception.Message);
        }
    }

    /// <summary>Decides for every peer anew, and brings the kernel's routes to that. Any thread may call.</summary>
    public void Repair()
    {
        lock (_gate)
        {
            if (_isDisposed) return;
            List<string> problems = [];
            List<RouteInfo> wanted = [.. _peers.SelectMany(Wanted)];
            foreach (RouteInfo route in _set.Except(wanted)) Remove(route);
            HashSet<RouteInfo> present = [.. _netlink.GetRoutes()];
            _set = [.. wanted.Where(route => present.Contains(route) || TrySet(route, present, problems))];
            problems.AddRange(Filters(_set));
            foreach (string problem in problems.Except(_problems)) _logger.LogWarning("{Problem}", problem);
            _problems = problems;
        }
    }

    /// <summary>Removes every route: they would outlive the daemon.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            foreach (RouteInfo route in _set) Remove(route);
            _set = [];
            _netlink.Dispose();
        }
    }

    // IPv6 pods over an IPv4 network need the tunnel.
    private IEnumerable<RouteInfo> Wanted(Lease peer)
    {
        if (_options.Subnet is not null && Wanted(peer.Subnet, peer.PublicIp, metric: 0) is { } ipv4) yield return ipv4;
        if (_options.SubnetV6 is not null && Wanted(peer.SubnetV6, peer.PublicIpV6, OverlayRoutes.Ipv6Metric) is { } ipv6) yield return ipv6;
    }

    private RouteInfo? Wanted(IpPrefix? podCidr, IpAddress? publicAddress, uint metric) =>
        podCidr is { } prefix && publicAddress is { } address && _netlink.FindRoute(address) is { Gateway: null } onLink
            ? new RouteInfo(prefix, onLink.LinkIndex, metric, OverlayRoutes.Protocol, false, Gateway: address)
            : null;

    private bool TrySet(RouteInfo route, IEnumerable<RouteInfo> present, List<string> problems)
    {
        RouteInfo? foreign = present.FirstOrDefault(r =>
            r.Prefix == route.Prefix && r.Metric == route.Metric && r.Protocol != OverlayRoutes.Protocol);
        if (foreign is not null)
        {
            problems.Add($"a route of protocol {foreign.Protocol} stands where the direct one to {route.Prefix} via {route.Gateway} belongs, and pods' packets take that; ip route show {route.Prefix}");
            return false;
        }

        try
        {
            _netlink.SetRoute(route);
            _logger.LogInformation("set direct route {Prefix} via {Gateway}", route.Prefix, route.Gateway);
            return true;
        }
        catch (LinuxException exception)
        {
            problems.Add($"the direct route to {route.Prefix} via {route.Gateway} cannot be set, and the tunnel is taken: {exception.Message}");
            return false;
        }
    }

    // A peer may send by the tunnel what is answered directly, and the other way round.
    private IEnumerable<string> Filters(IReadOnlyList<RouteInfo> routes)
    {
        if (!routes.Any(static route => route.Prefix.Family == IpFamily.IPv4)) return [];
        HashSet<int> used = [.. routes.Select(static route => route.LinkIndex)];
        return _netlink.GetLinks().Where(link => used.Contains(link.Index) || link.Name == _device)
            .Select(static link => ReversePathFilter.Find(link.Name)).OfType<string>();
    }

    private void Remove(RouteInfo route)
    {
        try
        {
            _netlink.RemoveRoute(route);
            _logger.LogInformation("removed direct route {Prefix} via {Gateway}", route.Prefix, route.Gateway);
        }
        catch (LinuxException gone) when (gone.Errno is Errno.ESRCH or Errno.ENOENT or Errno.ENODEV)
        {
            _logger.LogDebug("direct route {Prefix} was gone already", route.Prefix);
        }
        catch (LinuxException exception)
        {
            _logger.LogError("direct route {Prefix} stays: {Reason}", route.Prefix, exception.Message);
        }
    }
}
