using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Tests;
using Overlay.Fuzzing.Packets;
using Overlay.Fuzzing.Targets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Fuzzing.Egress;

/// <summary>Packets of both families as pods' kernels hand them to a TUN, with and without offloads.</summary>
internal static class EgressSeeds
{
    private const byte Captures = 1;

    public static IEnumerable<Seed> All()
    {
        foreach (IpFamily family in Enum.GetValues<IpFamily>())
        {
            PacketBuilder udp = PacketBuilder.Between(TestNode.A, TestNode.B, family).Ecn(Ecn.Ect0).Payload(24);
            PacketBuilder tcp = udp.Protocol(IpProtocol.Tcp);
            yield return One("udp", family, udp.Build(), default);
            yield return One("tcp", family, tcp.Timestamp(1).Build(), default);
            yield return One("icmp", family, udp.Protocol(IpProtocol.Icmp).Build(), default);
            yield return One("fragment", family, udp.Fragment(8, more: true).Build(), default);
            string nowhere = family == IpFamily.IPv4 ? "192.0.2.1" : "2001:db8::1";
            yield return One("nowhere", family, udp.To(nowhere).Build(), default);
            yield return One("partial", family, udp.Checksum(ChecksumState.Partial).Build(), udp.ChecksumOffload);
            PacketBuilder large = tcp.Payload(100).Checksum(ChecksumState.Partial);
            yield return One("super-tcp", family, large.Build(), large.SegmentationOffload(40));
            PacketBuilder marked = large.TcpFlags(0x99);
            yield return One("super-tcp-cwr", family, marked.Build(), marked.SegmentationOffload(30));
            PacketBuilder datagrams = udp.Payload(100).Checksum(ChecksumState.Partial);
            yield return One("super-udp", family, datagrams.Build(), datagrams.SegmentationOffload(30));
            PacketBuilder options = family == IpFamily.IPv4
                ? large.Options(3)
                : large.Extensions(IpProtocol.HopByHop, IpProtocol.DestinationOptions);
            yield return One("super-options", family, options.Build(), options.SegmentationOffload(40));
            yield return new Seed($"{family}-mix",
            [
                Captures, .. Record(udp.Build(), default), .. Record(large.Build(), large.SegmentationOffload(64)),
                .. Record(tcp.Build(), default),
            ]);
        }

        // More segments than a batch has slots.
        PacketBuilder tiny = PacketBuilder.Between(TestNode.A, TestNode.B, IpFamily.IPv4)
            .Protocol(IpProtocol.Tcp).Payload(5000).Checksum(ChecksumState.Partial);
        byte[] record = Record(tiny.Build(), tiny.SegmentationOffload(1));
        yield return new Seed("beyond-the-slots", [Captures, .. record, .. record]);
    }

    private static Seed One(string name, IpFamily family, byte[] packet, VirtioNetHeader offload) =>
        new($"{family}-{name}", [Captures, .. Record(packet, offload)]);

    private static byte[] Record(byte[] packet, VirtioNetHeader offload)
    {
        byte[] header = new byte[VirtioNetHeader.Length];
        offload.Write(header);
        return PacketRecord.Format(ChecksumMending.Header, header, packet);
    }
}
