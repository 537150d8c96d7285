using Overlay.Wire.Values;

namespace Overlay.Dataplane.Forwarding;

/// <summary>
/// How each prefix and address that was touched since the last table stood in that table. Not thread-safe.
/// </summary>
internal sealed class ChangeRecord
{
    private Dictionary<IpPrefix, Route?> _routes = [];
    private Dictionary<IpAddress, RemoteVtep?> _vteps = [];

    /// <summary>Call before a prefix gets its first change; null where it is not in the table.</summary>
    public void Touch(IpPrefix prefix, Route? before) => _routes.TryAdd(prefix, before);

    /// <summary>Call before an address gets its first change; null where it is not in the table.</summary>
    public void Touch(IpAddress address, RemoteVtep? before) => _vteps.TryAdd(address, before);

    /// <summary>The difference, of which nothing is left that was taken back; the record begins anew.</summary>
    /// <param name="routeNow">The route of a prefix; null where it has none.</param>
    /// <param name="vtepNow">The VTEP at an address; null where there is none.</param>
    public TableChange Take(Func<IpPrefix, Route?> routeNow, Func<IpAddress, RemoteVtep?> vtepNow)
    {
        (List<Route> removed, List<Route> added) = ([], []);
        (List<RemoteVtep> vtepsRemoved, List<RemoteVtep> vtepsAdded) = ([], []);
        foreach ((IpPrefix prefix, Route? before) in _routes)
        {
            Route? now = routeNow(prefix);
            if (now == before) continue;
            if (before is { } old) removed.Add(old);
            if (now is { } route) added.Add(route);
        }

        foreach ((IpAddress address, RemoteVtep? before) in _vteps)
        {
            RemoteVtep? now = vtepNow(address);
            if (now == before) continue;
            if (before is not null) vtepsRemoved.Add(before);
            if (now is not null) vtepsAdded.Add(now);
        }

        // New ones, as those of a first table are large.
        (_routes, _vteps) = ([], []);
        removed.Sort(RouteOrder.Instance);
        added.Sort(RouteOrder.Instance);
        return new TableChange(removed, added, vtepsRemoved, vtepsAdded);
    }
}
