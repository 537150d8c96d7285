using System.Buffers.Binary;
using Overlay.Dataplane.Tests;
using Overlay.Fuzzing.Packets;
using Overlay.Fuzzing.Targets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Fuzzing.Ingress;

/// <summary>
/// Frames of both families as peers' daemons and kernels send them, alone, in trains and one behind the other.
/// </summary>
internal static class IngressSeeds
{
    private const byte Joins = 3;
    private const byte JoinsAndCaptures = 7;
    private const byte JoinsAndRefuses = 11;
    private const byte FromB = 0;
    private const byte FromStranger = 6;

    public static IEnumerable<Seed> All()
    {
        foreach (IpFamily family in Enum.GetValues<IpFamily>())
        {
            PacketBuilder udp = PacketBuilder.Between(TestNode.B, TestNode.A, family).Ecn(Ecn.Ect0).Payload(24);
            PacketBuilder tcp = udp.Protocol(IpProtocol.Tcp);
            yield return One("udp", family, FromB, udp.Build());
            yield return One("tcp", family, FromB, tcp.Timestamp(1).Build());
            yield return One("icmp", family, FromB, udp.Protocol(IpProtocol.Icmp).Build());
            yield return One("fragment", family, FromB, udp.Fragment(8, more: true).Build());
            yield return One("partial", family, FromB, udp.Checksum(ChecksumState.Partial).Build());
            yield return One("congested", family, FromB | (3 << 3), udp.Build());
            yield return One("stranger", family, FromStranger, udp.Build());
            yield return One("options", family, FromB, (family == IpFamily.IPv4
                ? tcp.Options(2)
                : tcp.Extensions(IpProtocol.HopByHop, IpProtocol.DestinationOptions)).Build());
            yield return One(
                "super", family, FromB, tcp.TotalLength(TestNode.PodMtu + 50).Checksum(ChecksumState.Partial).Build());
            yield return Flow("segments", family, Joins, tcp);
            yield return Flow("segments-captured", family, JoinsAndCaptures, tcp);
            yield return Flow("segments-refused", family, JoinsAndRefuses, tcp);
            yield return Flow("datagrams", family, Joins, udp);
            yield return Train(family, tcp);
            byte[] large = udp.Payload(90).Checksum(ChecksumState.Partial).Build();
            yield return new Seed(
                $"{family}-udp-super", [Joins, .. Record(FromB, 30, Datagram(large))]);
        }
    }

    private static Seed One(string name, IpFamily family, int choices, byte[] packet) =>
        new($"{family}-{name}", [JoinsAndCaptures, .. Record(choices, 0, Datagram(packet))]);

    private static Seed Flow(string name, IpFamily family, byte choices, PacketBuilder packet) => new(
        $"{family}-{name}",
        [choices, .. Enumerable.Range(0, 4).SelectMany(i => Record(FromB, 0, Datagram(Segment(packet, i).Build())))]);

    private static Seed Train(IpFamily family, PacketBuilder packet)
    {
        byte[][] datagrams = [.. Enumerable.Range(0, 4).Select(i => Datagram(Segment(packet, i).Build()))];
        return new(
            $"{family}-train",
            [Joins, .. Record(FromB, datagrams[0].Length, [.. datagrams.SelectMany(static bytes => bytes)])]);
    }

    private static PacketBuilder Segment(PacketBuilder packet, int index) =>
        packet.Sequence((uint)(1 + (index * 24))).TcpFlags(index == 3 ? (byte)0x18 : (byte)0x10);

    private static byte[] Datagram(byte[] packet) => DatagramBuilder.Between(TestNode.B, TestNode.A, packet).Build();

    // A checksum that was to be a device's stays as it is; all others are made right again after a mutation.
    private static byte[] Record(int choices, int segmentSize, byte[] datagrams)
    {
        byte[] segment = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(segment, (ushort)segmentSize);
        return PacketRecord.Format((byte)(choices | ChecksumMending.Header), segment, datagrams);
    }
}
