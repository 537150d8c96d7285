using System.Buffers.Binary;
using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Packets;

/// <summary>Entropy for the outer source port, from the inner flow (RFC 7348 section 5, "Source Port").</summary>
/// <remarks>Equal for every packet of a flow, and for every fragment of a packet: those have no ports to count.</remarks>
public static class FlowHash
{
    /// <summary>Of source, destination and protocol, and of the ports where the packet has them.</summary>
    public static uint Of(in Ipv4Header ip)
    {
        ulong addresses = ((ulong)ip.Source.Value << 32) | ip.Destination.Value;
        uint ports = ip.IsFragment ? 0 : Ports(ip.Protocol, ip.Payload);
        return Mix(addresses, ports, ip.Protocol);
    }

    /// <inheritdoc cref="Of(in Ipv4Header)"/>
    /// <remarks>A packet whose extension headers do not end is hashed by its addresses.</remarks>
    public static uint Of(in Ipv6Header ip)
    {
        UInt128 source = ip.Source.Value;
        UInt128 destination = ip.Destination.Value;
        ulong addresses = Multiply((ulong)(source >> 64) ^ Multiply((ulong)source))
            ^ ((ulong)(destination >> 64) + Multiply((ulong)destination));
        bool hasUpperLayer = ip.TryFindUpperLayer(out byte protocol, out int offset, out bool isFragment);
        if (!hasUpperLayer || isFragment) return Mix(addresses, 0, IpProtocol.Fragment);
        return Mix(addresses, Ports(protocol, ip.Payload[(offset - Ipv6Header.Length)..]), protocol);
    }

    private static uint Ports(byte protocol, ReadOnlySpan<byte> transport) =>
        protocol is IpProtocol.Tcp or IpProtocol.Udp && transport.Length >= sizeof(uint)
            ? BinaryPrimitives.ReadUInt32BigEndian(transport)
            : 0;

    private static uint Mix(ulong addresses, uint ports, byte protocol) =>
        (uint)(Multiply(Multiply(addresses) ^ (((ulong)protocol << 32) | ports)) >> 32);

    // Fibonacci hashing with the high half folded down: each input bit reaches the high bits of the result.
    private static ulong Multiply(ulong value)
    {
        value *= 0x9e37_79b9_7f4a_7c15;
        return value ^ (value >> 32);
    }
}
