using Overlay.Daemon.Options;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tracing;

/// <summary>The place where an address lives, as this node sees the cluster.</summary>
/// <param name="Kind">The kind of place.</param>
/// <param name="Text">The place in words.</param>
/// <param name="Route">The route of the forwarding table that leads there; null where none does.</param>
internal sealed record AddressPlace(PlaceKind Kind, string Text, Route? Route = null)
{
    /// <summary>Looks an address up.</summary>
    /// <param name="address">A pod's, as a rule.</param>
    /// <param name="options">The networks, and this node's pod CIDRs.</param>
    /// <param name="table">The peers.</param>
    public static AddressPlace Of(IpAddress address, OverlayOptions options, ForwardingTable table)
    {
        IpPrefix? cluster = address.Family == IpFamily.IPv4 ? options.Network.Cidr : options.Network.CidrV6;
        IpPrefix? own = address.Family == IpFamily.IPv4 ? options.Subnet : options.SubnetV6;
        if (own is { } pods && pods.Contains(address))
            return address == pods.Address
                ? new(PlaceKind.Local, $"{address} is this node's own address in the pod network")
                : new(PlaceKind.Local, $"{address} is of this node's pods ({pods})");
        if (table.Find(address) is { Via: { } via } route)
            return new(PlaceKind.Remote, $"{address} is of node {via.Node}'s pods ({route.Prefix})", route);
        if (options.ServiceCidrs.FirstOrDefault(services => services.Contains(address)) is { Length: > 0 } service)
            return new(PlaceKind.Service, $"{address} is a Service's ({service})");
        return cluster is { } all && all.Contains(address)
            ? new(PlaceKind.Nobody, $"{address} is in the cluster CIDR {all}, and no node that is known has it")
            : new(PlaceKind.Outside, $"{address} is no pod's: {(cluster is { } range
                ? $"the cluster CIDR is {range}"
                : $"this network has no {address.Family} pods")}");
    }
}
