using System.Runtime.InteropServices;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Forwarding;

/// <summary>The one way to make a <see cref="ForwardingTable"/>. Not thread-safe; used by the one writer.</summary>
/// <remarks>
/// <para>A call that throws changes nothing, so one peer's bad lease can be left out and the others kept.</para>
/// <para>
/// A builder that is kept makes the next table for little: routes stay sorted here, so a change costs one walk over
/// them and no sort. It keeps some 100 bytes a route and 60 a VTEP for that.
/// </para>
/// </remarks>
public sealed class ForwardingTableBuilder
{
    private readonly SortedSet<Route> _routes = new(RouteOrder.Instance);
    private readonly Dictionary<IpAddress, (RemoteVtep Vtep, int Routes)> _vteps = [];
    private readonly RangeFlattener<uint> _ipv4 = new();
    private readonly RangeFlattener<UInt128> _ipv6 = new();

    // Null up to the first table: all of that is new, and a record of it would cost twice what the table does.
    private ChangeRecord? _changes;

    /// <summary>A pod CIDR that this node's own bridge serves.</summary>
    /// <exception cref="ArgumentException">The prefix was added before.</exception>
    public ForwardingTableBuilder AddLocal(IpPrefix prefix)
    {
        Add(new Route(prefix, null));
        return this;
    }

    /// <summary>A pod CIDR behind a peer's VTEP.</summary>
    /// <exception cref="ArgumentException">
    /// The prefix was added before, or another VTEP has that underlay address.
    /// </exception>
    public ForwardingTableBuilder AddRoute(IpPrefix prefix, RemoteVtep via)
    {
        RemoteVtep known = KnownOrNew(via);
        Add(new Route(prefix, known));
        Use(known, routes: 1);
        return this;
    }

    /// <summary>
    /// A VTEP that may send to us even where no route leads to it, as a peer's second underlay address.
    /// </summary>
    /// <exception cref="ArgumentException">Another VTEP has that underlay address.</exception>
    public ForwardingTableBuilder AddVtep(RemoteVtep vtep)
    {
        Use(KnownOrNew(vtep), routes: 0);
        return this;
    }

    /// <summary>Takes a pod CIDR back, whoever serves it. The VTEP stays.</summary>
    /// <exception cref="ArgumentException">There is no such prefix.</exception>
    public ForwardingTableBuilder RemoveRoute(IpPrefix prefix)
    {
        if (!_routes.TryGetValue(new Route(prefix, null), out Route known))
            throw new ArgumentException($"{prefix} is not in the table", nameof(prefix));
        _changes?.Touch(prefix, known);
        _ = _routes.Remove(known);
        if (known.Via is not null) Use(known.Via, routes: -1);
        return this;
    }

    /// <summary>Takes a VTEP back, if it is there.</summary>
    /// <exception cref="ArgumentException">A route still leads to it.</exception>
    public ForwardingTableBuilder RemoveVtep(RemoteVtep vtep)
    {
        if (!_vteps.TryGetValue(vtep.Address, out (RemoteVtep Vtep, int Routes) known) || known.Vtep != vtep)
            return this;
        if (known.Routes > 0)
            throw new ArgumentException(
                $"{known.Routes} routes lead to {vtep.Address}, a VTEP of {vtep.Node}", nameof(vtep));
        _changes?.Touch(vtep.Address, known.Vtep);
        _ = _vteps.Remove(vtep.Address);
        return this;
    }

    public ForwardingTable Build() => Build(out _);

    /// <param name="change">The difference to the table this builder made last; to an empty one at first.</param>
    public ForwardingTable Build(out TableChange change)
    {
        Route[] routes = new Route[_routes.Count];
        _routes.CopyTo(routes);
        int ipv4 = 0;
        while (ipv4 < routes.Length && routes[ipv4].Prefix.Family == IpFamily.IPv4) ipv4++;

        RemoteVtep[] rows = new RemoteVtep[_vteps.Count];
        int row = 0;
        foreach ((RemoteVtep vtep, _) in _vteps.Values) rows[row++] = vtep;

        ForwardingTable table = new(
            _ipv4.Flatten(routes.AsSpan(0, ipv4)), _ipv6.Flatten(routes.AsSpan(ipv4)), new Fdb(rows), routes);
        change = _changes?.Take(
            prefix => _routes.TryGetValue(new Route(prefix, null), out Route route) ? route : null,
            address => _vteps.TryGetValue(address, out (RemoteVtep Vtep, int Routes) row) ? row.Vtep : null)
            ?? TableChange.From(table);
        _changes ??= new ChangeRecord();
        return table;
    }

    /// <summary>
    /// The VTEP as it was given first: so a table has one object a VTEP, and references tell them apart.
    /// </summary>
    private RemoteVtep KnownOrNew(RemoteVtep vtep)
    {
        if (!_vteps.TryGetValue(vtep.Address, out (RemoteVtep Vtep, int Routes) known)) return vtep;
        return known.Vtep == vtep
            ? known.Vtep
            : throw new ArgumentException(
                $"{vtep.Address} is the VTEP of {known.Vtep.Node} and of {vtep.Node}", nameof(vtep));
    }

    private void Use(RemoteVtep vtep, int routes)
    {
        ref (RemoteVtep Vtep, int Routes) known =
            ref CollectionsMarshal.GetValueRefOrAddDefault(_vteps, vtep.Address, out bool isKnown);
        if (!isKnown) _changes?.Touch(vtep.Address, before: null);
        known = (vtep, known.Routes + routes);
    }

    private void Add(Route route)
    {
        if (!_routes.Add(route)) throw new ArgumentException($"{route.Prefix} is in the table already", nameof(route));
        _changes?.Touch(route.Prefix, before: null);
    }
}
