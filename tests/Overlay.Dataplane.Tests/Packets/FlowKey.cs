using System.Buffers.Binary;
using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Tests;

/// <summary>Addresses, protocol and ports of packets that have to stay in order.</summary>
/// <remarks>
/// A fragment has no ports, so it is of a flow of its own: nobody can tell better without putting it together.
/// </remarks>
internal readonly record struct FlowKey(
    UInt128 Source, UInt128 Destination, bool IsIpv4, byte Protocol, uint? Ports, bool IsFragment)
{
    public static FlowKey Of(byte[] packet)
    {
        bool isIpv4 = packet[0] >> 4 == 4;
        byte protocol = packet[isIpv4 ? 9 : 6];
        int transport = isIpv4 ? (packet[0] & 15) * 4 : 40;
        bool isFragment = isIpv4 ? (packet[6] & 0x3f) != 0 || packet[7] != 0 : protocol == IpProtocol.Fragment;
        if (protocol == IpProtocol.DestinationOptions)
        {
            protocol = packet[transport];
            transport += 8;
        }

        bool hasPorts = !isFragment && protocol is IpProtocol.Tcp or IpProtocol.Udp;
        return new(
            isIpv4 ? Word(packet, 12) : BinaryPrimitives.ReadUInt128BigEndian(packet.AsSpan(8)),
            isIpv4 ? Word(packet, 16) : BinaryPrimitives.ReadUInt128BigEndian(packet.AsSpan(24)),
            isIpv4, protocol, hasPorts ? Word(packet, transport) : null, isFragment);
    }

    private static uint Word(byte[] packet, int offset) => BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(offset));
}
