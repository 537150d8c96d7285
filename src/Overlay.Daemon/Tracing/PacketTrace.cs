using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Host.Netlink;
using Overlay.Wire;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tracing;

/// <summary>
/// Says what this node would do with a packet, step by step: by the forwarding table in force, and by the kernel's own
/// answers. No packet is sent.
/// </summary>
/// <param name="netlink">Used from one thread.</param>
/// <param name="options">The node's, with what the store gave.</param>
/// <param name="network">The network as it stands.</param>
/// <param name="underlay">Where tunnels end.</param>
/// <param name="table">The table that the workers use.</param>
internal sealed class PacketTrace(
    RouteNetlink netlink, OverlayOptions options, OverlayNetwork network, UnderlayInterface underlay,
    ForwardingTable table)
{
    /// <summary>The way of a packet.</summary>
    /// <param name="source">Inner source.</param>
    /// <param name="destination">Inner destination, of the same family.</param>
    /// <param name="isTcp">The packet is of a TCP connection.</param>
    /// <returns>The steps up to the one that ends the way.</returns>
    /// <exception cref="Overlay.Host.Interop.LinuxException">rtnetlink refused.</exception>
    public IReadOnlyList<TraceStep> Trace(IpAddress source, IpAddress destination, bool isTcp)
    {
        AddressPlace from = AddressPlace.Of(source, options, table);
        AddressPlace to = AddressPlace.Of(destination, options, table);
        return
        [
            new("source", from.Text), new("destination", to.Text),
            .. (from.Kind, to.Kind) switch
            {
                (_, PlaceKind.Service) => [End(
                    "kube-proxy's rules of the sending node put a pod's address in the place of a Service's, before any "
                    + "route is chosen: trace the way to that pod (kubectl get endpointslices)")],
                (PlaceKind.Local, PlaceKind.Remote) => Out(source, destination, to.Route!.Value, isTcp),
                (PlaceKind.Remote, PlaceKind.Local) => In(destination, from.Route!.Value),
                (PlaceKind.Local, PlaceKind.Local) => Within(destination),
                (PlaceKind.Local, PlaceKind.Nobody) => Nowhere(source, destination),
                (PlaceKind.Local, _) => ToOutside(source, destination),
                (_, PlaceKind.Local) => FromOutside(from, destination),
                _ => [End(
                    "neither address is this node's: no such packet passes here; ask the nodes that have them")],
            },
        ];
    }

    private IEnumerable<TraceStep> Out(IpAddress source, IpAddress destination, Route route, bool isTcp)
    {
        RemoteVtep peer = route.Via!;
        if (FindMatch(source, destination) is not { } match)
        {
            yield return End($"the kernel forwards nothing to {destination}: the pod gets an ICMP error");
            yield break;
        }

        string device = DeviceOf(match.Route);
        if (network.IsDirect(route.Prefix) && match.Route.Gateway is not null)
        {
            yield return Step("route", $"{Describe(match)}: a plain route, as DirectRouting has it; without VXLAN");
            yield return Done($"node {peer.Node} gets the packet as it is; its own trace says what it does with it");
            yield break;
        }

        if (device != network.DeviceName)
        {
            yield return End($"{Describe(match)}, and not to {network.DeviceName}: the packet does not enter the tunnel");
            yield break;
        }

        yield return Step("route", $"{Describe(match)}, where overlayd reads it");
        yield return Step("peer", $"node {peer.Node} has {route.Prefix}: VTEP {peer.Address}, MAC {peer.Mac}");
        foreach (TraceStep step in Encapsulated(destination.Family, peer, isTcp)) yield return step;
    }

    private IEnumerable<TraceStep> Encapsulated(IpFamily inner, RemoteVtep peer, bool isTcp)
    {
        int mtu = inner == IpFamily.IPv4 ? network.Mtu.Ipv4 : network.Mtu.Ipv6;
        int overhead = VxlanOverhead.Over(peer.Address.Family);
        int ipHeader = inner == IpFamily.IPv4 ? Ipv4Header.MinLength : Ipv6Header.Length;
        string segment = isTcp ? $", a TCP segment {mtu - ipHeader - TcpHeader.MinLength}" : "";
        string sizes = $"up to {mtu} bytes{segment}; with {overhead} bytes of VXLAN up to {mtu + overhead}, and "
            + $"{underlay.Exit.Name} takes {underlay.Exit.Mtu}";
        yield return new("mtu", sizes, mtu + overhead <= underlay.Exit.Mtu);

        IpAddress? own = peer.Address.Family == IpFamily.IPv4 ? underlay.Ipv4 : underlay.Ipv6;
        yield return Step("outer", $"UDP {own?.ToString() ?? "no address"} to {peer.Address} port "
            + $"{network.Vtep.Port}, VNI {network.Vtep.Vni}; the source port depends on the inner flow");
        if (own is null || netlink.FindMatch(peer.Address, own, network.Vtep.Port) is not { } match)
        {
            yield return Dropped(
                DropReason.UnderlayUnreachable, $"no route leads to {peer.Address}: ip route get {peer.Address}");
            yield break;
        }

        yield return Step("underlay", Describe(match));
        yield return Done($"node {peer.Node} gets it; there: overlayctl trace, for what it does with it");
    }

    private IEnumerable<TraceStep> In(IpAddress destination, Route route)
    {
        RemoteVtep peer = route.Via!;
        string vteps = string.Join(" or ", table.Routes.Where(r => r.Via?.Node == peer.Node)
            .Select(static r => r.Via!.Address.ToString()).Distinct());
        string learnt = options.Dataplane.LearnSenders ? ", unless the address is learnt of that node alone" : "";
        yield return Step("sender", $"node {peer.Node} must send it from {vteps}, with VNI {network.Vtep.Vni} and to "
            + $"port {network.Vtep.Port}; from elsewhere it is dropped ({DropReason.UnknownVtep}){learnt}");
        yield return Step("inner source", $"node {peer.Node} may send from {route.Prefix}");
        foreach (TraceStep step in Delivered(destination)) yield return step;
    }

    private IEnumerable<TraceStep> Delivered(IpAddress destination)
    {
        if (IsOwn(destination))
        {
            yield return Done($"this node has {destination} itself, and takes the packet");
            yield break;
        }

        if (netlink.FindMatch(destination) is not { } match)
        {
            yield return End($"no device of this node has {destination}: the pods' bridge is missing; is there a pod?");
            yield break;
        }

        yield return Step("route", Describe(match));
        yield return Done($"{DeviceOf(match.Route)} carries it to the pod, if there is one with that address");
    }

    private IEnumerable<TraceStep> Within(IpAddress destination) =>
        Delivered(destination).Prepend(Step("bridge", "both are on this node: overlayd does not see the packet"));

    private IEnumerable<TraceStep> Nowhere(IpAddress source, IpAddress destination)
    {
        yield return Step("route", FindMatch(source, destination) is { } match ? Describe(match) : "the kernel has none");
        yield return Dropped(
            DropReason.IpOutNoRoutes, "no peer has that address; overlayctl peers lists those that are known");
    }

    private IEnumerable<TraceStep> ToOutside(IpAddress source, IpAddress destination)
    {
        if (IsOwn(destination))
        {
            yield return Done($"this node has {destination} itself, and takes the packet; overlayd does not see it");
            yield break;
        }

        if (FindMatch(source, destination) is not { } match)
        {
            yield return End($"the kernel forwards nothing to {destination}: the pod gets an ICMP error");
            yield break;
        }

        yield return Step("route", $"{Describe(match)}; overlayd does not see the packet");
        bool isKept = !options.IpMasq || options.NonMasqueradeCidrs.Any(cidr => cidr.Contains(destination));
        yield return Step("masquerade", isKept
            ? $"none: it leaves with {source}, and the answer needs a route back to this node"
            : $"it leaves with an address of {DeviceOf(match.Route)}");
        yield return Done("it leaves the cluster");
    }

    private IEnumerable<TraceStep> FromOutside(AddressPlace from, IpAddress destination) =>
        from.Kind == PlaceKind.Nobody
            ? [Dropped(DropReason.SourceNotAllowed, "by the tunnel no node may send it, for none has its source")]
            : Delivered(destination)
                .Prepend(Step("way in", "not by the tunnel: a node may send only from its own pod CIDRs there"));

    private bool IsOwn(IpAddress address) => netlink.GetAddresses().Any(own => own.Address == address);

    // The kernel is asked for the way of a packet that a pod's bridge hands over; without a bridge, of this node's own.
    private RouteMatch? FindMatch(IpAddress source, IpAddress destination)
    {
        if (IsOwn(source)) return netlink.FindMatch(destination, source);
        int? bridge = netlink.GetAddresses().Where(address => address.Network.Contains(source))
            .MaxBy(static address => address.PrefixLength)?.LinkIndex;
        return netlink.GetLinks().FirstOrDefault(link => link.Index == bridge) is { } incoming
            ? netlink.FindForwardMatch(destination, source, incoming)
            : netlink.FindMatch(destination);
    }

    private string Describe(RouteMatch match)
    {
        string way = match.Route.Gateway is { } gateway ? $"via {gateway} by" : "to";
        string table = match.Table is RuleInfo.MainTable or 0 ? "" : $" (table {match.Table})";
        string prefix = match.Route.Prefix.Length == 0 ? "the default route" : $"the route {match.Route.Prefix}";
        return match.Route.IsBlackhole
            ? $"{prefix}{table} is a blackhole"
            : $"{prefix}{table} leads {way} {DeviceOf(match.Route)}";
    }

    private string DeviceOf(RouteInfo route) =>
        netlink.GetLinks().FirstOrDefault(link => link.Index == route.LinkIndex)?.Name ?? "no device";

    private static TraceStep Step(string step, string text) => new(step, text);

    private static TraceStep Done(string text) => new("verdict", text);

    private static TraceStep End(string text) => new("verdict", text, IsGood: false);

    private static TraceStep Dropped(DropReason reason, string why) =>
        new("verdict", $"dropped ({reason}): {why}", IsGood: false);
}
