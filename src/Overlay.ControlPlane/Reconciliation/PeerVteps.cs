using Overlay.ControlPlane.Leases;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>The VTEPs of a peer that this node can reach, and the pods that each carries.</summary>
/// <param name="Ipv4">The one over the IPv4 underlay; null when either side lacks that underlay or the MAC.</param>
/// <param name="Ipv6">The one over the IPv6 underlay; null when either side lacks that underlay or a MAC.</param>
/// <param name="HasOwnIpv6Mac">The peer announces a MAC for its IPv6 VTEP; flannel's second device is there.</param>
internal readonly record struct PeerVteps(RemoteVtep? Ipv4, RemoteVtep? Ipv6, bool HasOwnIpv6Mac)
{
    /// <summary>Carries the peer's IPv4 pods.</summary>
    public RemoteVtep? ForSubnet => Ipv4 ?? Ipv6;

    /// <summary>Carries the peer's IPv6 pods: as flannel does where both sides can, over IPv4 where not.</summary>
    public RemoteVtep? ForSubnetV6 => HasOwnIpv6Mac ? Ipv6 ?? Ipv4 : ForSubnet;

    /// <summary>Carries the peer's pods of that family.</summary>
    public RemoteVtep? For(IpFamily podFamily) => podFamily == IpFamily.IPv4 ? ForSubnet : ForSubnetV6;

    public static PeerVteps Of(Lease peer, Lease own)
    {
        MacAddress? mac = peer.BackendData?.Mac;
        MacAddress? macV6 = peer.BackendV6Data?.Mac;
        return new(
            own.PublicIp is null ? null : Vtep(peer.Node, peer.PublicIp, mac),
            own.PublicIpV6 is null ? null : Vtep(peer.Node, peer.PublicIpV6, macV6 ?? mac),
            macV6 is not null);
    }

    private static RemoteVtep? Vtep(string node, IpAddress? address, MacAddress? mac) =>
        address is { } at && mac is { } to ? new(node, at, to) : null;
}
