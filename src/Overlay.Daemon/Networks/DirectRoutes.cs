using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>
/// Plain kernel routes to the pod CIDRs of peers that a network of this host's own leads to: no tunnel is needed there.
/// </summary>
/// <remarks>
/// Each node decides for itself and for each peer, as flannel's nodes do: by whether the kernel's route to the peer's
/// VTEP has a gateway. The forwarding table holds such a peer too, so what it sends encapsulated is taken. The kernel
/// is asked and told on a thread of this class: with many peers that takes longer than the table's writer may wait.
/// </remarks>
internal sealed class DirectRoutes : ITableFollower, IDisposable
{
    private const string Key = "direct routes";
    private const uint KernelsIpv6Metric = 1024;

    private readonly RouteNetlink _netlink = new();
    private readonly OverlayOptions _options;
    private readonly string _device;
    private readonly ProblemBoard _problems;
    private readonly ILogger<DirectRoutes> _logger;
    private readonly AutoResetEvent _due = new(false);
    private readonly ManualResetEventSlim _ending = new();
    private readonly LookPace _pace = new(TimeSpan.Zero);
    private readonly Thread _thread;
    private volatile bool _isEnding;
    private volatile IReadOnlyList<Route> _table = [];
    private volatile IReadOnlyList<RouteInfo> _set = [];
    private readonly HashSet<string> _logged = new(StringComparer.Ordinal);

    /// <summary>Begins to wait for a table.</summary>
    /// <param name="options">Which families have pods.</param>
    /// <param name="device">The TUN, by which all else goes.</param>
    /// <param name="problems">Gets the routes that could not be set, and what else is in their way.</param>
    /// <param name="failed">Called once when the routes cannot be kept any more.</param>
    /// <param name="logger">Logs every route that is set or removed.</param>
    /// <exception cref="LinuxException">There is no rtnetlink.</exception>
    public DirectRoutes(OverlayOptions options, string device, ProblemBoard problems, Action<Exception> failed,
        ILogger<DirectRoutes> logger)
    {
        _options = options;
        _device = device;
        _problems = problems;
        _logger = logger;
        _thread = new Thread(() => Run(failed)) { Name = "direct-routes", IsBackground = true };
        _thread.Start();
    }

    /// <summary>A route of ours leads to that pod CIDR. Any thread may ask.</summary>
    public bool Contains(IpPrefix podCidr) => _set.Any(route => route.Prefix == podCidr);

    /// <summary>Has every route of the table decided anew soon.</summary>
    public void Follow(ForwardingTable table, TableChange change)
    {
        if (change.Removed.Count + change.Added.Count == 0) return;
        _table = table.Routes;
        _ = _due.Set();
    }

    /// <summary>
    /// Has the kernel's routes looked at soon, and brought to what they should be. Any thread may call.
    /// </summary>
    public void Repair() => _due.Set();

    /// <summary>Ends the thread; no route is set or removed after this returns. May be called again.</summary>
    public void Stop()
    {
        if (_isEnding) return;
        _isEnding = true;
        _ending.Set();
        _ = _due.Set();
        _thread.Join();
    }

    /// <summary>Removes every route: they would outlive the daemon.</summary>
    public void RemoveFromKernel()
    {
        Stop();
        foreach (RouteInfo route in _set) Remove(route);
        _set = [];
    }

    /// <summary>Ends the thread and closes its descriptors; routes stay.</summary>
    public void Dispose()
    {
        Stop();
        _problems.Report(Key, ProblemSeverity.Warning);
        _netlink.Dispose();
        _due.Dispose();
        _ending.Dispose();
    }

    private void Run(Action<Exception> failed)
    {
        try
        {
            while (_due.WaitOne() && !_isEnding)
            {
                TimeSpan began = ThreadTime.Used();
                TryApply();
                _pace.Add(ThreadTime.Used() - began);
                _ = _ending.Wait(_pace.Pause);
            }
        }
#pragma warning disable CA1031 // Unhandled on a thread it would end the process at once, with all that it made left behind.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failed(exception);
        }
    }

    private void TryApply()
    {
        try
        {
            Apply();
            _logged.Clear();
        }
        catch (LinuxException exception)
        {
            // The tunnel does meanwhile; the next change of a peer, a link or a route brings the next try.
            if (_logged.Add(exception.Message)) _logger.DirectRoutesUnknown(exception.Message);
        }
    }

    private void Apply()
    {
        List<string> problems = [];
        List<RouteInfo> wanted = [.. Wanted(_table)];
        foreach (RouteInfo route in _set.Except(wanted)) Remove(route);
        HashSet<RouteInfo> present = [.. _netlink.GetRoutes(protocol: OverlayRoutes.Protocol)];
        _set = [.. wanted.Where(route => present.Contains(route) || TrySet(route, present, problems))];
        problems.AddRange(Filters(_set));
        _problems.Report(Key, ProblemSeverity.Warning, problems);
    }

    // IPv6 pods over an IPv4 network need the tunnel.
    private IEnumerable<RouteInfo> Wanted(IReadOnlyList<Route> table)
    {
        Dictionary<IpAddress, RouteInfo?> toVteps = [];
        foreach (Route route in table)
        {
            if (route.Via is not { } vtep
                || vtep.Address.Family != route.Prefix.Family || !HasPods(route.Prefix.Family)) continue;
            if (!toVteps.TryGetValue(vtep.Address, out RouteInfo? toVtep))
                toVteps[vtep.Address] = toVtep = _netlink.FindRoute(vtep.Address);
            if (toVtep is not { Gateway: null }) continue;
            uint metric = route.Prefix.Family == IpFamily.IPv4 ? 0 : OverlayRoutes.Ipv6Metric;
            yield return new RouteInfo(
                route.Prefix, toVtep.LinkIndex, metric, OverlayRoutes.Protocol, false, Gateway: vtep.Address);
        }
    }

    private bool HasPods(IpFamily family) =>
        (family == IpFamily.IPv4 ? _options.Subnet : _options.SubnetV6) is not null;

    private bool TrySet(RouteInfo route, IEnumerable<RouteInfo> ours, List<string> problems)
    {
        try
        {
            bool isOfBefore = ours.Any(r => r.Prefix == route.Prefix && r.Metric == route.Metric);
            if (isOfBefore) _netlink.SetRoute(route);
            else if (!_netlink.TryAddRoute(route) && !TryTakeOver(route, problems)) return false;
            if (_options.ControlPlane.GivesPodCidrs) RemoveFlannels(route);
            _logger.DirectRouteSet(route.Prefix, route.Gateway);
            return true;
        }
        catch (LinuxException exception)
        {
            problems.Add(
                $"the direct route to {route.Prefix} via {route.Gateway} cannot be set, and the tunnel is taken: "
                + $"{exception.Message}");
            return false;
        }
    }

    // flannel's own route to that peer is the very same, and outlives flannel.
    private bool TryTakeOver(RouteInfo route, List<string> problems)
    {
        RouteInfo? there = _netlink.FindMatch(route.Prefix.Address)?.Route;
        if (there?.Prefix != route.Prefix) there = null;
        if (_options.ControlPlane.GivesPodCidrs && IsFlannels(there, route))
        {
            _netlink.SetRoute(route);
            _logger.FlannelRouteTakenOver(route.Prefix, route.Gateway);
            return true;
        }

        problems.Add(
            $"a route of {(there is null ? "another program" : $"protocol {there.Protocol}")} stands where the direct "
            + $"one to {route.Prefix} via {route.Gateway} belongs, and pods' packets take that; ip route show "
            + $"{route.Prefix}");
        return false;
    }

    private static bool IsFlannels(RouteInfo? there, RouteInfo route) =>
        there is { Protocol: RouteProtocol.Boot } && there.Gateway == route.Gateway
        && there.LinkIndex == route.LinkIndex;

    // flannel's routes for IPv6 stand behind ours, with the kernel's own metric.
    private void RemoveFlannels(RouteInfo route)
    {
        if (route.Prefix.Family == IpFamily.IPv4) return;
        try
        {
            _netlink.RemoveRoute(route with { Protocol = RouteProtocol.Boot, Metric = KernelsIpv6Metric });
            _logger.FlannelRouteTakenOver(route.Prefix, route.Gateway);
        }
        catch (LinuxException none) when (none.Errno is Errno.ESRCH or Errno.ENOENT)
        {
            // Flannel's own route is missing, as a rule.
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
            _logger.DirectRouteRemoved(route.Prefix, route.Gateway);
        }
        catch (LinuxException gone) when (gone.Errno is Errno.ESRCH or Errno.ENOENT or Errno.ENODEV)
        {
            _logger.DirectRouteWasGone(route.Prefix);
        }
        catch (LinuxException exception)
        {
            _logger.DirectRouteStays(route.Prefix, exception.Message);
        }
    }
}
