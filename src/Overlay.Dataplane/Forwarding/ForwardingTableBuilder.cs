using Overlay.Wire;

namespace Overlay.Dataplane;

/// <summary>The one way to make a <see cref="ForwardingTable"/>. Not thread-safe; used by the one writer.</summary>
/// <remarks>A call that throws changes nothing, so one peer's bad lease can be left out and the others kept.</remarks>
public sealed class ForwardingTableBuilder
{
    private readonly List<RemoteVtep?> _targets = [null];
    private readonly Dictionary<RemoteVtep, int> _indexes = [];
    private readonly Dictionary<IpAddress, RemoteVtep> _byAddress = [];
    private readonly Dictionary<IpPrefix, Route> _routes = [];

    /// <summary>A pod CIDR that this node's own bridge serves.</summary>
    /// <exception cref="ArgumentException">The prefix was added before.</exception>
    public ForwardingTableBuilder AddLocal(IpPrefix prefix) => Add(new Route(prefix, null));

    /// <summary>A pod CIDR behind a peer's VTEP.</summary>
    /// <exception cref="ArgumentException">The prefix was added before, or another VTEP has that underlay address.</exception>
    public ForwardingTableBuilder AddRoute(IpPrefix prefix, RemoteVtep via)
    {
        RefuseKnown(prefix);
        _ = AddVtep(via);
        return Add(new Route(prefix, via));
    }

    /// <summary>A VTEP that may send to us even where no route leads to it, as a peer's second underlay address.</summary>
    /// <exception cref="ArgumentException">Another VTEP has that underlay address.</exception>
    public ForwardingTableBuilder AddVtep(RemoteVtep vtep)
    {
        if (_indexes.ContainsKey(vtep)) return this;
        if (!_byAddress.TryAdd(vtep.Address, vtep))
            throw new ArgumentException($"{vtep.Address} is the VTEP of {_byAddress[vtep.Address].Node} and of {vtep.Node}", nameof(vtep));
        _indexes.Add(vtep, _targets.Count);
        _targets.Add(vtep);
        return this;
    }

    public ForwardingTable Build()
    {
        List<(IpPrefix, int)> ipv4 = [];
        List<(IpPrefix, int)> ipv6 = [];
        foreach (Route route in _routes.Values)
        {
            int target = route.Via is null ? 0 : _indexes[route.Via];
            (route.Prefix.Family == IpFamily.IPv4 ? ipv4 : ipv6).Add((route.Prefix, target));
        }

        return new(
            RangeFlattener.Flatten(ipv4, static value => new Ipv4Address((uint)value)),
            RangeFlattener.Flatten(ipv6, static value => new Ipv6Address(value)),
            [.. _targets], new Fdb(new(_byAddress)), [.. _routes.Values]);
    }

    private ForwardingTableBuilder Add(Route route)
    {
        RefuseKnown(route.Prefix);
        _routes.Add(route.Prefix, route);
        return this;
    }

    private void RefuseKnown(IpPrefix prefix)
    {
        if (_routes.ContainsKey(prefix)) throw new ArgumentException($"{prefix} is in the table already", nameof(prefix));
    }
}
