using System.Buffers.Binary;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Wire.Tests;

public sealed class Ipv6HeaderTests : HeaderContract
{
    private static readonly Ipv6Address _source = IpAddress.Parse("fd00:10:244:1::10").ToIpv6();
    private static readonly Ipv6Address _destination = IpAddress.Parse("fd00:10:244:2::10").ToIpv6();

    protected override byte[] Whole => CapturedFrame.PingV6.InnerIp;

    protected override byte[] Written => Whole[..Ipv6Header.Length];

    [Fact]
    public void A_captured_packet_reads_as_it_was_sent()
    {
        Ipv6Header.TryParse(CapturedFrame.PingV6.InnerIp, out Ipv6Header header).ShouldBeTrue();

        header.TrafficClass.ShouldBe((byte)0);
        header.Ecn.ShouldBe(Ecn.NotEct);
        header.FlowLabel.ShouldBe(0x26f96u);
        header.PayloadLength.ShouldBe((ushort)64);
        header.TotalLength.ShouldBe(104);
        header.NextHeader.ShouldBe(IpProtocol.Icmpv6);
        header.HopLimit.ShouldBe((byte)63);
        header.Source.ShouldBe(_source);
        header.Destination.ShouldBe(_destination);
        header.Payload.ToArray().ShouldBe(CapturedFrame.PingV6.InnerTransport);
    }

    [Fact]
    public void Traffic_class_and_flow_label_share_the_first_word_without_touching_each_other()
    {
        byte[] packet = new byte[Ipv6Header.Length];
        for (int trafficClass = 0; trafficClass <= 0xff; trafficClass++)
        {
            foreach (uint flowLabel in (uint[])[0, 1, 0x5a5a5, 0xa5a5a, 0xfffff])
            {
                Ipv6Header.Write(packet, (byte)trafficClass, flowLabel, 0, 59, 1, _source, _destination);
                Ipv6Header.TryParse(packet, out Ipv6Header header).ShouldBeTrue();
                header.TrafficClass.ShouldBe((byte)trafficClass);
                header.Ecn.ShouldBe((Ecn)(trafficClass & 3));
                header.FlowLabel.ShouldBe(flowLabel);
            }
        }
    }

    [Fact]
    public void A_flow_label_of_more_than_20_bits_is_cut_to_them()
    {
        byte[] packet = new byte[Ipv6Header.Length];
        Ipv6Header.Write(packet, 0, 0xfff1_2345, 0, 59, 1, _source, _destination);

        packet[..4].ShouldBe(Hex.Bytes("60 01 23 45"));
    }

    [Fact]
    public void Padding_behind_the_payload_length_is_no_payload()
    {
        Ipv6Header.TryParse([.. Whole, 0, 0, 0, 0], out Ipv6Header header).ShouldBeTrue();

        header.Payload.ToArray().ShouldBe(CapturedFrame.PingV6.InnerTransport);
    }

    [Fact]
    public void Only_version_6_is_accepted()
    {
        byte[] packet = new byte[Ipv6Header.Length];
        for (int first = 0; first <= 0xff; first++)
        {
            packet[0] = (byte)first;
            Ipv6Header.TryParse(packet, out _).ShouldBe(first >> 4 == 6, $"first byte 0x{first:x2}");
        }
    }

    [Fact]
    public void Only_a_payload_length_within_the_bytes_given_is_accepted()
    {
        byte[] packet = Whole;
        for (int length = 0; length <= ushort.MaxValue; length++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)length);
            bool isSound = Ipv6Header.Length + length <= packet.Length;
            if (Ipv6Header.TryParse(packet, out _) != isSound) Assert.Fail($"payload length {length}");
        }
    }

    [Fact]
    public void SetEcn_changes_the_ECN_bits_of_any_traffic_class_and_nothing_else()
    {
        for (int trafficClass = 0; trafficClass <= 0xff; trafficClass++)
        {
            for (int ecn = 0; ecn < 4; ecn++)
            {
                byte[] packet = new byte[Ipv6Header.Length];
                byte[] expected = new byte[Ipv6Header.Length];
                Ipv6Header.Write(packet, (byte)trafficClass, 0xf5a5a, 0, 59, 1, _source, _destination);
                Ipv6Header.Write(
                    expected, (byte)((trafficClass & 0xfc) | ecn), 0xf5a5a, 0, 59, 1, _source, _destination);

                Ipv6Header.SetEcn(packet, (Ecn)ecn);

                packet.ShouldBe(expected, $"traffic class 0x{trafficClass:x2}, ECN {ecn}");
            }
        }
    }

    protected override void Write(Span<byte> destination) =>
        Ipv6Header.Write(destination, 0, 0x26f96, 64, IpProtocol.Icmpv6, 63, _source, _destination);

    protected override bool TryReadAll(ReadOnlySpan<byte> bytes)
    {
        if (!Ipv6Header.TryParse(bytes, out Ipv6Header header)) return false;
        _ = header.TrafficClass;
        _ = header.Ecn;
        _ = header.FlowLabel;
        _ = header.NextHeader;
        _ = header.HopLimit;
        _ = header.Source;
        _ = header.Destination;
        header.Payload.Length.ShouldBe(header.PayloadLength);
        if (header.TryFindUpperLayer(out _, out int offset, out _))
            offset.ShouldBeInRange(Ipv6Header.Length, header.TotalLength);
        return true;
    }
}
