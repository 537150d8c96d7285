namespace Overlay.Dataplane.Packets;

/// <summary>Why a packet was dropped. Names follow the kernel's SKB_DROP_REASON_* where it has one.</summary>
public enum DropReason : byte
{
    /// <summary>Not dropped.</summary>
    None,

    /// <summary>The bytes end before the headers they promise (PKT_TOO_SMALL).</summary>
    PktTooSmall,

    /// <summary>More than the device or the underlay takes in one piece (PKT_TOO_BIG).</summary>
    PktTooBig,

    /// <summary>Inner packet is neither IPv4 nor IPv6 (UNHANDLED_PROTO).</summary>
    UnhandledProto,

    /// <summary>A field of the inner IP header is unsound (IP_INHDR).</summary>
    IpInHdr,

    /// <summary>The inner IPv4 header checksum is wrong (IP_CSUM).</summary>
    IpCsum,

    /// <summary>The inner TCP checksum of a super-packet is wrong (TCP_CSUM).</summary>
    TcpCsum,

    /// <summary>Egress: no peer has the destination (IP_OUTNOROUTES).</summary>
    IpOutNoRoutes,

    /// <summary>
    /// A super-packet that cannot be cut, or that the TUN refuses, or work left undone that was not offered
    /// (SKB_GSO_SEG).
    /// </summary>
    SkbGsoSeg,

    /// <summary>Ingress: no peer has the outer source address.</summary>
    UnknownVtep,

    /// <summary>Ingress: I flag clear or a reserved bit set (VXLAN_INVALID_HDR).</summary>
    VxlanInvalidHdr,

    /// <summary>Ingress: another VNI than ours (VXLAN_VNI_NOT_FOUND).</summary>
    VxlanVniNotFound,

    /// <summary>Ingress: inner source MAC is zero or multicast (MAC_INVALID_SOURCE).</summary>
    MacInvalidSource,

    /// <summary>Ingress: inner source MAC is our own (LOCAL_MAC).</summary>
    LocalMac,

    /// <summary>Ingress: inner destination MAC is not ours (OTHERHOST).</summary>
    OtherHost,

    /// <summary>Ingress: inner source lies in no pod CIDR of the sending node.</summary>
    SourceNotAllowed,

    /// <summary>Ingress: inner destination lies in no pod CIDR of this node (IP_INADDRERRORS).</summary>
    IpInAddrErrors,

    /// <summary>Ingress: the underlay marked CE what may not carry it, RFC 6040 section 4.2 (IP_TUNNEL_ECN).</summary>
    IpTunnelEcn,

    /// <summary>Egress: the underlay has no route, no neighbour or no permission for the peer's address.</summary>
    UnderlayUnreachable,

    /// <summary>
    /// A queue in the kernel has no room, or a train has more packets than the batch has slots (FULL_RING).
    /// </summary>
    FullRing,

    /// <summary>Egress: the queueing discipline of the underlay's device dropped the datagram (QDISC_DROP).</summary>
    QdiscDrop,

    /// <summary>Ingress: the TUN did not take the packet; it may be down (DEV_READY).</summary>
    DevReady,
}
