using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// What pods whose kernels use offloads hand to the TUN: super-packets of TCP and UDP, and small packets between them.
/// </summary>
internal static class SuperPacketTraffic
{
    private const byte Ack = 0x10;
    private const byte Psh = 0x08;
    private const int Flows = 8;
    private const int MaxPayload = 1350;

    public static IReadOnlyList<Sent> Draw(TestNode from, TestNode to, int count, int seed)
    {
        Random random = new(seed);
        uint[] sequences = new uint[Flows];
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            int flow = random.Next(Flows);
            PacketBuilder packet = PacketBuilder.Between(from, to, flow % 2 == 0 ? IpFamily.IPv4 : IpFamily.IPv6)
                .Ports(1000 + flow, 80)
                .Identification((ushort)random.Next(65_536)).Ecn(flow == 0 ? Ecn.Ect0 : Ecn.NotEct);
            bool isTcp = flow < Flows / 2;
            if (isTcp)
                packet = packet.Protocol(IpProtocol.Tcp)
                    .Timestamp(1).Sequence(sequences[flow]).TcpFlags(random.Next(4) == 0 ? (byte)(Ack | Psh) : Ack);
            int segmentSize = isTcp ? MaxPayload : random.Next(1, MaxPayload);
            int segments = random.Next(3) == 0 ? 1 : random.Next(2, isTcp ? 48 : 64);
            byte[] payload = new byte[Math.Min((segmentSize * segments) - random.Next(segmentSize), 65_000)];
            random.NextBytes(payload);
            sequences[flow] += (uint)payload.Length;
            packet = packet.Payload(payload);
            return payload.Length > segmentSize
                ? new Sent(packet.Checksum(ChecksumState.Partial)
                    .Build(), packet.SegmentationOffload(segmentSize), [.. packet.Segments(segmentSize)])
                : new Sent(packet.Build(), default, [packet.Build()]);
        })];
    }

    /// <summary>How many packets a pod gets when its kernel is handed this one.</summary>
    public static int CountOf(in ReceivedBuffer packet)
    {
        VirtioNetHeader offload = packet.Offload;
        return offload.IsSuperPacket
            ? (packet.Length - offload.HeaderLength + offload.GsoSize - 1) / offload.GsoSize
            : 1;
    }

    /// <summary>A packet or super-packet as it is sent, and the packets that the other pod shall get.</summary>
    internal sealed record Sent(byte[] Bytes, VirtioNetHeader Offload, IReadOnlyList<byte[]> Delivered);
}
