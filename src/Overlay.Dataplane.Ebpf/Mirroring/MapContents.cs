using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Mirroring;

/// <summary>Entries of the maps before they are compared with a table; those that the table has too are taken out.</summary>
internal sealed class MapContents
{
    private readonly Dictionary<RouteKeyV4, Target> _routesV4;
    private readonly Dictionary<RouteKeyV6, Target> _routesV6;

    private MapContents(TierMaps maps)
    {
        Vteps = maps.Vteps.ReadAll();
        _routesV4 = maps.RoutesV4.ReadAll();
        _routesV6 = maps.RoutesV6.ReadAll();
    }

    public Dictionary<AddressBytes, Target> Vteps { get; }

    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static MapContents Read(TierMaps maps) => new(maps);

    /// <summary>Keeps the numbers of all that is left from being given out: routes still lead to them.</summary>
    public void ReserveNumbers(PeerNumbers numbers)
    {
        foreach (Target target in Vteps.Values) numbers.Reserve(target);
        foreach (Target target in _routesV4.Values) numbers.Reserve(target);
        foreach (Target target in _routesV6.Values) numbers.Reserve(target);
    }

    /// <summary>Takes a route out; false where it is not there.</summary>
    public bool Take(IpPrefix prefix, out Target target) => prefix.Family == IpFamily.IPv4
        ? _routesV4.Remove(RouteKeyV4.Of(prefix), out target)
        : _routesV6.Remove(RouteKeyV6.Of(prefix), out target);

    /// <summary>Removes from the maps what is left, routes before VTEPs before peers.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void RemoveRest(TierMaps maps, PeerNumbers numbers)
    {
        foreach (RouteKeyV4 route in _routesV4.Keys) _ = maps.RoutesV4.TryDelete(route);
        foreach (RouteKeyV6 route in _routesV6.Keys) _ = maps.RoutesV6.TryDelete(route);
        foreach (AddressBytes vtep in Vteps.Keys) _ = maps.Vteps.TryDelete(vtep);
        HashSet<uint> used = [];
        foreach ((_, Target target) in numbers.All) _ = used.Add(target.Peer);
        foreach ((uint peer, PeerEntry entry) in maps.Peers.ReadAll())
        {
            if (entry != default && !used.Contains(peer)) maps.Peers.Update(peer, default);
        }
    }
}
