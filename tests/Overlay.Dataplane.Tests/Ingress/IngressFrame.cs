using System.Buffers.Binary;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// A datagram that comes to node a, whose peers are b and c, and what becomes of it: of every data plane the same.
/// </summary>
/// <param name="Name">What is special of it.</param>
/// <param name="Datagram">Payload of the UDP datagram.</param>
/// <param name="OuterSource">The address that it comes from: <see cref="B"/>'s, or a stranger's.</param>
/// <param name="OuterEcn">The congestion mark that the underlay delivers.</param>
/// <param name="Verdict">Why it is dropped; <see cref="DropReason.None"/> where its packet is delivered.</param>
/// <param name="Packet">The inner packet.</param>
internal sealed record IngressFrame(
    string Name, byte[] Datagram, IpAddress OuterSource, Ecn OuterEcn, DropReason Verdict, byte[] Packet)
{
    /// <summary>Addresses of the underlay that no peer has.</summary>
    public static readonly IpAddress StrangerV4 = IpAddress.Parse("192.168.77.9");

    /// <inheritdoc cref="StrangerV4"/>
    public static readonly IpAddress StrangerV6 = IpAddress.Parse("fd77::9");

    private const uint IFlag = 0x0800_0000;
    private const int LargestInner = 65_535 - 20 - 8 - 22;

    private static readonly IpFamily[] _families = [IpFamily.IPv4, IpFamily.IPv6];

    /// <summary>Every kind of frame that a check of the data plane tells from others.</summary>
    public static IEnumerable<IngressFrame> All =>
        [.. _families.SelectMany(OfFamily), .. Outer(), .. Macs(), .. Ipv4Headers(), .. _families.SelectMany(Marks)];

    private static IEnumerable<IngressFrame> OfFamily(IpFamily family)
    {
        PacketBuilder inner = Inner(family);
        yield return Of($"{family}", inner, DropReason.None);
        yield return Of($"{family}, by the other VTEP", inner, DropReason.None) with
        {
            OuterSource = B.RemoteV6.Address,
        };
        yield return Of($"{family}, TCP", inner.Protocol(IpProtocol.Tcp), DropReason.None);
        yield return Of($"{family}, ICMP", inner.Protocol(IpProtocol.Icmp), DropReason.None);
        yield return Of($"{family}, 1400 bytes", inner.TotalLength(1400), DropReason.None);
        yield return Of($"{family}, in outer fragments", inner.TotalLength(4000), DropReason.None);
        yield return Of($"{family}, the largest", inner.TotalLength(LargestInner), DropReason.None);
        yield return Of($"{family}, first fragment", inner.Fragment(0, more: true), DropReason.None);
        yield return Of($"{family}, later fragment", inner.Fragment(1480, more: false), DropReason.None);
        yield return Of($"{family}, padded", Valid(inner).Padding(17), inner, DropReason.None);
        yield return Of($"{family}, for the MAC of the IPv6 VTEP",
            Valid(inner).DestinationMac("02:99:88:77:66:01"), inner, DropReason.None);
        foreach (string source in family == IpFamily.IPv4
            ? new[] { "10.9.0.1", C.Pod(family), A.Pod(family), "127.0.0.1" }
            : ["fd00:9::1", C.Pod(family), A.Pod(family), "::1"])
            yield return Of($"{family}, from {source}", inner.From(source), DropReason.SourceNotAllowed);
        foreach (string target in family == IpFamily.IPv4
            ? new[] { "10.9.0.1", C.Pod(family), B.Pod(family, 11), "255.255.255.255" }
            : ["fd00:9::1", C.Pod(family), B.Pod(family, 11), "ff02::1"])
            yield return Of($"{family}, to {target}", inner.To(target), DropReason.IpInAddrErrors);
        byte[] packet = inner.Build();
        for (int version = 0; version < 16; version++)
        {
            if (version == (int)family) continue;
            byte[] other = [.. packet];
            other[0] = (byte)((version << 4) | (packet[0] & 0x0f));
            yield return Of($"{family}, version {version}",
                Valid(other).EtherType(EtherTypeOf(family)), other, DropReason.IpInHdr);
        }

        byte[] whole = Valid(inner).Build();
        for (int length = 8; length < whole.Length; length += length < 70 ? 1 : 7)
        {
            yield return Of($"{family}, cut at {length}", inner, length < 22 + (family == IpFamily.IPv4 ? 20 : 40)
                ? DropReason.PktTooSmall : DropReason.IpInHdr) with
            { Datagram = whole[..length] };
        }
    }

    private static IEnumerable<IngressFrame> Outer()
    {
        PacketBuilder inner = Inner(IpFamily.IPv4);
        yield return Of("a stranger", inner, DropReason.UnknownVtep) with { OuterSource = StrangerV4 };
        yield return Of("a stranger by IPv6", inner, DropReason.UnknownVtep) with { OuterSource = StrangerV6 };
        yield return Of("no I flag", Valid(inner).Flags(0), inner, DropReason.VxlanInvalidHdr);
        foreach (int bit in Enumerable.Range(0, 32).Where(static bit => 1u << bit != IFlag))
        {
            yield return Of($"reserved bit {bit}",
                Valid(inner).Flags(IFlag | (1u << bit)), inner, DropReason.VxlanInvalidHdr);
        }

        foreach (int bit in Enumerable.Range(0, 8))
        {
            yield return Of($"reserved bit {bit} behind the VNI",
                Valid(inner).VniWord((Network.Value << 8) | (1u << bit)), inner, DropReason.VxlanInvalidHdr);
        }

        foreach (int bit in Enumerable.Range(8, 24))
        {
            yield return Of($"VNI, bit {bit}",
                Valid(inner).VniWord((Network.Value << 8) ^ (1u << bit)), inner, DropReason.VxlanVniNotFound);
        }

        byte[] zeros = new byte[LargestInner];
        yield return Of("zeros as IPv4", Valid(zeros).EtherType(EthernetHeader.Ipv4), zeros, DropReason.IpInHdr);
        yield return Of("zeros as IPv6", Valid(zeros).EtherType(EthernetHeader.Ipv6), zeros, DropReason.IpInHdr);
    }

    private static IEnumerable<IngressFrame> Macs()
    {
        PacketBuilder inner = Inner(IpFamily.IPv4);
        foreach ((string mac, DropReason reason) in new[]
        {
            ("00:00:00:00:00:00", DropReason.MacInvalidSource), ("ff:ff:ff:ff:ff:ff", DropReason.MacInvalidSource),
            ("01:00:5e:00:00:01", DropReason.MacInvalidSource), ("03:11:22:33:44:02", DropReason.MacInvalidSource),
            ("02:11:22:33:44:01", DropReason.LocalMac), ("02:99:88:77:66:01", DropReason.LocalMac),
        })
            yield return Of($"source MAC {mac}", Valid(inner).SourceMac(mac), inner, reason);
        foreach (string mac in new[]
        {
            "02:11:22:33:44:03", "02:11:22:33:44:00", "03:11:22:33:44:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00",
        })
            yield return Of($"destination MAC {mac}", Valid(inner).DestinationMac(mac), inner, DropReason.OtherHost);
        foreach (ushort type in new ushort[] { 0x0806, 0x8100, 0x88cc, 0x0000 })
            yield return Of($"type {type:x4}", Valid(inner).EtherType(type), inner, DropReason.UnhandledProto);
    }

    private static IEnumerable<IngressFrame> Ipv4Headers()
    {
        PacketBuilder inner = Inner(IpFamily.IPv4);
        byte[] packet = inner.Build();
        foreach (int bit in Enumerable.Range(0, 16))
        {
            byte[] damaged = [.. packet];
            damaged[10 + (bit / 8)] ^= (byte)(1 << (bit % 8));
            yield return Of($"IPv4 checksum, bit {bit}", Valid(damaged), damaged, DropReason.IpCsum);
        }

        foreach (int words in new[] { 1, 5, 10 })
        {
            PacketBuilder options = inner.Options(words);
            yield return Of($"{words} words of options", options, DropReason.None);
            byte[] damaged = options.Build();
            damaged[19 + (4 * words)] ^= 4;
            yield return Of($"{words} words of options, damaged", Valid(damaged), damaged, DropReason.IpCsum);
        }

        foreach (int totalLength in new[] { 0, 19, packet.Length + 1, 0xffff })
        {
            byte[] unsound = [.. packet];
            BinaryPrimitives.WriteUInt16BigEndian(unsound.AsSpan(2), (ushort)totalLength);
            yield return Of($"IPv4 length {totalLength}", Valid(unsound), unsound, DropReason.IpInHdr);
        }

        foreach (int words in new[] { 0, 4, 15 })
        {
            byte[] unsound = inner.Payload(0).Build();
            unsound[0] = (byte)(0x40 | words);
            yield return Of($"IPv4 header of {words} words", Valid(unsound), unsound, DropReason.IpInHdr);
        }
    }

    // RFC 6040 section 4.2, figure 4.
    private static IEnumerable<IngressFrame> Marks(IpFamily family)
    {
        foreach (Ecn inner in Enum.GetValues<Ecn>())
        {
            foreach (Ecn outer in Enum.GetValues<Ecn>())
            {
                bool isDropped = inner == Ecn.NotEct && outer == Ecn.Ce;
                Ecn seen = inner != Ecn.NotEct && outer == Ecn.Ce ? Ecn.Ce
                    : inner == Ecn.Ect0 && outer == Ecn.Ect1 ? Ecn.Ect1
                    : inner;
                yield return Of($"{family}, {inner} in {outer}", Inner(family).Ecn(inner), isDropped
                    ? DropReason.IpTunnelEcn : DropReason.None) with
                { OuterEcn = outer, Packet = Inner(family).Ecn(seen).Build() };
            }
        }
    }

    private static ushort EtherTypeOf(IpFamily family) =>
        family == IpFamily.IPv4 ? EthernetHeader.Ipv4 : EthernetHeader.Ipv6;

    private static PacketBuilder Inner(IpFamily family) => PacketBuilder.Between(B, A, family);

    private static DatagramBuilder Valid(PacketBuilder inner) => Valid(inner.Build());

    private static DatagramBuilder Valid(byte[] inner) => DatagramBuilder.Between(B, A, inner);

    private static IngressFrame Of(string name, PacketBuilder inner, DropReason verdict) =>
        Of(name, Valid(inner), inner, verdict);

    private static IngressFrame Of(string name, DatagramBuilder datagram, PacketBuilder inner, DropReason verdict) =>
        Of(name, datagram, inner.Build(), verdict);

    private static IngressFrame Of(string name, DatagramBuilder datagram, byte[] packet, DropReason verdict) =>
        new(name, datagram.Build(), B.Remote.Address, Ecn.NotEct, verdict, packet);
}
