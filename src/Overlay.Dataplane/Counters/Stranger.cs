using System.Diagnostics.CodeAnalysis;
using Overlay.Dataplane.Packets;
using Overlay.Wire;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Counters;

/// <summary>A sound VXLAN frame from an address that no peer has: all that can tell who sends it.</summary>
/// <param name="Address">Outer source.</param>
/// <param name="Vni">The network that the frame is of.</param>
/// <param name="SourceMac">Inner source MAC: the sender's VTEP.</param>
/// <param name="DestinationMac">Inner destination MAC.</param>
/// <param name="Source">Source of the inner IP packet: a pod of the sender, or its host.</param>
public readonly record struct Stranger(
    IpAddress Address, Vni Vni, MacAddress SourceMac, MacAddress DestinationMac, IpAddress Source)
{
    /// <summary>Reads a datagram; false where it is no sound VXLAN frame with an IP packet in it.</summary>
    /// <param name="address">Outer source.</param>
    /// <param name="datagram">Payload of the outer UDP datagram; unchanged.</param>
    /// <param name="stranger">Valid when true is returned.</param>
    public static bool TryRead(IpAddress address, Span<byte> datagram, out Stranger stranger)
    {
        stranger = default;
        if (!VxlanHeader.TryParse(datagram, out VxlanHeader vxlan) || !vxlan.IsValid) return false;
        if (!EthernetHeader.TryParse(vxlan.Payload, out EthernetHeader ethernet)) return false;
        if (InnerPacket.TryRead(datagram[VxlanOverhead.InPayload..], out InnerPacket inner) != DropReason.None
            || inner.EtherType != ethernet.EtherType) return false;
        stranger = new Stranger(
            address, vxlan.Vni, ethernet.Source, ethernet.Destination,
            inner.IsIpv4 ? inner.SourceV4 : inner.SourceV6);
        return true;
    }
}
