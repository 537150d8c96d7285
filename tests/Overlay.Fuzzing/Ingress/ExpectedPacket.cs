using System.Buffers.Binary;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Tests;
using Overlay.Fuzzing.Packets;
using Overlay.Fuzzing.Targets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Fuzzing.Ingress;

/// <summary>
/// The packet that an accepted datagram stands for, by the rules of RFC 7348 and RFC 6040 and by none of the product's
/// code.
/// </summary>
internal static class ExpectedPacket
{
    private const int Overhead = 22;

    /// <param name="datagram">As it came, from its first byte.</param>
    /// <param name="length">Bytes of the packet that was accepted.</param>
    /// <param name="sender">Who sent it.</param>
    /// <param name="outer">The outer ECN.</param>
    /// <exception cref="BrokenInvariantException">It should have been dropped.</exception>
    public static byte[] Of(ReadOnlySpan<byte> datagram, int length, TestNode? sender, Ecn outer)
    {
        Invariant.Holds(sender is not null, "what is accepted comes from a peer's address");
        Invariant.Same(
            datagram[..8], [8, 0, 0, 0, 0x0a, 0x0b, 0x0c, 0], "the VXLAN header of a packet that was accepted");
        Invariant.Holds(
            MacAddress.Read(datagram[8..]) is var to && (to == TestNode.A.Own.Mac || to == TestNode.A.Own.MacV6),
            "what is accepted is for our MAC");
        Invariant.Holds((datagram[14] & 1) == 0, "what is accepted has a unicast source MAC");
        byte[] packet = datagram.Slice(Overhead, length).ToArray();
        bool isIpv4 = packet[0] >> 4 == 4;
        Invariant.Holds(
            BinaryPrimitives.ReadUInt16BigEndian(datagram[20..]) == (isIpv4 ? 0x0800 : 0x86dd),
            "the EtherType is that of the packet");
        CheckHeader(packet, isIpv4);
        (byte[] source, byte[] destination) = FuzzNetwork.AddressesOf(packet);
        Invariant.Holds(
            FuzzNetwork.NodeOf(source) == sender, "the source of what is accepted lies in a pod CIDR of its sender");
        Invariant.Holds(
            FuzzNetwork.NodeOf(destination) == TestNode.A, "its destination lies in a pod CIDR of this node");
        SetEcn(packet, isIpv4, outer);
        return packet;
    }

    /// <summary>The packet that reaches a pod: with a checksum that was left to a device made whole.</summary>
    /// <param name="packet">TCP or UDP behind an IP header without options and extensions.</param>
    public static byte[] Finished(byte[] packet)
    {
        bool isIpv4 = packet[0] >> 4 == 4;
        int transport = isIpv4 ? 20 : 40;
        byte protocol = packet[isIpv4 ? 9 : 6];
        int field = protocol == IpProtocol.Tcp ? 16 : 6;
        (byte[] source, byte[] destination) = FuzzNetwork.AddressesOf(packet);
        ushort pseudoHeader =
            ReferenceChecksum.PseudoHeader(source, destination, protocol, packet.Length - transport);
        if (BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(transport + field)) != pseudoHeader) return packet;
        return PacketSplitter.Split(
            packet, new VirtioNetHeader(
                VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoNone, 0, 0, (ushort)transport, (ushort)field))[0];
    }

    private static void CheckHeader(byte[] packet, bool isIpv4)
    {
        if (isIpv4)
        {
            int header = (packet[0] & 15) * 4;
            Invariant.Holds(header >= 20 && header <= packet.Length, "an IPv4 header has its length");
            Invariant.Holds(
                BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(2)) == packet.Length,
                "an IPv4 packet has its length");
            Invariant.Holds(
                ReferenceChecksum.Sum(packet.AsSpan(0, header)) == 0xffff, "an IPv4 header has its checksum");
            return;
        }

        Invariant.Holds(packet[0] >> 4 == 6, "a packet is IPv4 or IPv6");
        Invariant.Holds(
            40 + BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(4)) == packet.Length,
            "an IPv6 packet has its length");
    }

    // RFC 6040, figure 4: by rows of the inner, columns of the outer field.
    private static void SetEcn(byte[] packet, bool isIpv4, Ecn outer)
    {
        int inner = isIpv4 ? packet[1] & 3 : (packet[1] >> 4) & 3;
        int combined = (inner, (int)outer) switch
        {
            (0, 3) => -1,
            (1 or 2, 3) => 3,
            (2, 1) => 1,
            _ => inner,
        };
        Invariant.Holds(combined >= 0, "CE outside of a packet that is not ECN-capable drops it");
        if (combined == inner) return;
        if (!isIpv4)
        {
            packet[1] = (byte)((packet[1] & 0xcf) | (combined << 4));
            return;
        }

        packet[1] = (byte)((packet[1] & 0xfc) | combined);
        int header = (packet[0] & 15) * 4;
        packet.AsSpan(10, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(
            packet.AsSpan(10), (ushort)~ReferenceChecksum.Sum(packet.AsSpan(0, header)));
    }
}
