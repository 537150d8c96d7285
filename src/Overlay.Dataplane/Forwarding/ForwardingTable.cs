using Overlay.Wire.Values;

namespace Overlay.Dataplane.Forwarding;

/// <summary>
/// All that the packet path knows of the network: routes, FDB, allowed sources. Immutable; replaced whole.
/// </summary>
/// <remarks>
/// Allowed sources need no table of their own: a peer may send from an address exactly when our route to that address
/// leads to the same node.
/// </remarks>
public sealed class ForwardingTable
{
    /// <summary>
    /// Target of this node's own routes inside a <see cref="RouteTable{TNumber}"/>; no caller gets to see it.
    /// </summary>
    internal static readonly RemoteVtep OwnPods = new("this node", default, default);

    private readonly RouteTable<uint> _ipv4;
    private readonly RouteTable<UInt128> _ipv6;

    /// <param name="ipv4">The IPv4 routes; this node's own lead to <see cref="OwnPods"/>.</param>
    /// <param name="ipv6">The IPv6 routes; this node's own lead to <see cref="OwnPods"/>.</param>
    /// <param name="fdb">The VTEPs the routes lead to, and others.</param>
    /// <param name="routes">Every prefix in the two tables.</param>
    internal ForwardingTable(RouteTable<uint> ipv4, RouteTable<UInt128> ipv6, Fdb fdb, IReadOnlyList<Route> routes)
    {
        _ipv4 = ipv4;
        _ipv6 = ipv6;
        Fdb = fdb;
        Routes = routes;
    }

    /// <summary>A table that forwards nothing.</summary>
    public static ForwardingTable Empty { get; } = new ForwardingTableBuilder().Build();

    /// <summary>This node's own end of the tunnels; a table without it forwards nothing.</summary>
    public LocalEndpoint? Local { get; private init; }

    public Fdb Fdb { get; }

    /// <summary>Every prefix with its VTEP, for people to look at; the packet path uses the look-ups.</summary>
    /// <remarks>In order of family, address and length. 64 bytes a route.</remarks>
    public IReadOnlyList<Route> Routes { get; }

    /// <summary>
    /// The longest prefix that has the address, for people to look at; the packet path uses the look-ups.
    /// </summary>
    public Route? Find(IpAddress address)
    {
        // A route comes right before those nested in it.
        for (int i = Routes.Count - 1; i >= 0; i--)
        {
            if (Routes[i].Prefix.Contains(address)) return Routes[i];
        }

        return null;
    }

    /// <summary>The same routes and VTEPs, for a node with that end of the tunnels. Nothing is copied.</summary>
    public ForwardingTable With(LocalEndpoint local) => new(_ipv4, _ipv6, Fdb, Routes) { Local = local };

    /// <summary>
    /// What the packet path goes by: this table, or one without routes where <see cref="Local"/> is missing.
    /// </summary>
    internal ForwardingTable ForPackets(out LocalEndpoint local)
    {
        local = Local ?? LocalEndpoint.None;
        return Local is null ? Empty : this;
    }

    /// <summary>The VTEP to send to, or null: no route, or this node itself.</summary>
    public RemoteVtep? Lookup(Ipv4Address destination) => Remote(_ipv4.Lookup(destination.Value));

    /// <inheritdoc cref="Lookup(Ipv4Address)"/>
    public RemoteVtep? Lookup(Ipv6Address destination) => Remote(_ipv6.Lookup(destination.Value));

    /// <summary>The address lies in a pod CIDR of this node.</summary>
    public bool IsLocal(Ipv4Address destination) => ReferenceEquals(_ipv4.Lookup(destination.Value), OwnPods);

    /// <inheritdoc cref="IsLocal(Ipv4Address)"/>
    public bool IsLocal(Ipv6Address destination) => ReferenceEquals(_ipv6.Lookup(destination.Value), OwnPods);

    /// <summary>The inner source lies in a pod CIDR of the node that VTEP belongs to.</summary>
    public bool IsAllowedSource(RemoteVtep sender, Ipv4Address source) => IsSameNode(sender, Lookup(source));

    /// <inheritdoc cref="IsAllowedSource(RemoteVtep, Ipv4Address)"/>
    public bool IsAllowedSource(RemoteVtep sender, Ipv6Address source) => IsSameNode(sender, Lookup(source));

    private static RemoteVtep? Remote(RemoteVtep? via) => ReferenceEquals(via, OwnPods) ? null : via;

    // An honest peer sends from the VTEP our route leads to, or from its other one, named by the same string.
    private static bool IsSameNode(RemoteVtep sender, RemoteVtep? other) =>
        ReferenceEquals(sender, other) || (other is not null && sender.IsOfSameNode(other));
}
