using System.Buffers.Binary;
using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Packets;

/// <summary>Entropy for the outer source port, from the inner flow (RFC 7348 section 5, "Source Port").</summary>
/// <remarks>
/// Equal for every packet of a flow, and for every fragment of a packet: those have no ports to count.
/// </remarks>
public static class FlowHash
{
    /// <summary>Of source, destination and protocol, and of the ports where the packet has them.</summary>
    /// <remarks>A packet whose extension headers do not end is hashed by its addresses.</remarks>
    public static uint Of(in InnerPacket packet)
    {
        ulong addresses = packet.IsIpv4
            ? ((ulong)packet.SourceV4.Value << 32) | packet.DestinationV4.Value
            : Fold(packet.SourceV6.Value, packet.DestinationV6.Value);
        uint ports = packet.HasTransport ? Ports(packet) : 0;
        return (uint)(Multiply(Multiply(addresses) ^ (((ulong)packet.Protocol << 32) | ports)) >> 32);
    }

    private static uint Ports(in InnerPacket packet)
    {
        Span<byte> segment = packet.Segment;
        return packet.Protocol is IpProtocol.Tcp or IpProtocol.Udp && segment.Length >= sizeof(uint)
            ? BinaryPrimitives.ReadUInt32BigEndian(segment)
            : 0;
    }

    private static ulong Fold(UInt128 source, UInt128 destination) =>
        Multiply((ulong)(source >> 64) ^ Multiply(
            (ulong)source)) ^ ((ulong)(destination >> 64) + Multiply((ulong)destination));

    // Fibonacci hashing with the high half folded down: each input bit reaches the high bits of the result.
    private static ulong Multiply(ulong value)
    {
        value *= 0x9e37_79b9_7f4a_7c15;
        return value ^ (value >> 32);
    }
}
