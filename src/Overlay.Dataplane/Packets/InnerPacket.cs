using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Packets;

/// <summary>What the headers of a pod's packet say, as far as encapsulating it needs: read once.</summary>
internal readonly ref struct InnerPacket
{
    /// <summary>EtherType of the packet.</summary>
    public ushort EtherType { get; private init; }

    /// <summary>Bytes of the packet, without what a device may have padded it with.</summary>
    public int Length { get; private init; }

    public Ecn Ecn { get; private init; }

    /// <summary>Equal for all packets of a flow.</summary>
    public uint FlowHash { get; private init; }

    /// <summary>The peer that has the destination, or null.</summary>
    public RemoteVtep? Remote { get; private init; }

    /// <returns><see cref="DropReason.None"/> when the packet is sound and its way known.</returns>
    public static DropReason TryRead(ReadOnlySpan<byte> packet, ForwardingTable table, out InnerPacket inner)
    {
        inner = default;
        if (packet.IsEmpty) return DropReason.PktTooSmall;
        switch (packet[0] >> 4)
        {
            case 4:
                if (!Ipv4Header.TryParse(packet, out Ipv4Header ipv4)) return DropReason.IpInHdr;
                inner = new InnerPacket
                {
                    EtherType = EthernetHeader.Ipv4,
                    Length = ipv4.TotalLength,
                    Ecn = ipv4.Ecn,
                    FlowHash = Packets.FlowHash.Of(ipv4),
                    Remote = table.Lookup(ipv4.Destination),
                };
                break;
            case 6:
                if (!Ipv6Header.TryParse(packet, out Ipv6Header ipv6)) return DropReason.IpInHdr;
                inner = new InnerPacket
                {
                    EtherType = EthernetHeader.Ipv6,
                    Length = ipv6.TotalLength,
                    Ecn = ipv6.Ecn,
                    FlowHash = Packets.FlowHash.Of(ipv6),
                    Remote = table.Lookup(ipv6.Destination),
                };
                break;
            default:
                return DropReason.UnhandledProto;
        }

        return inner.Remote is null ? DropReason.IpOutNoRoutes : DropReason.None;
    }
}
