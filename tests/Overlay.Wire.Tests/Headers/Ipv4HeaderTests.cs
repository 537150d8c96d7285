using System.Buffers.Binary;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Wire.Tests;

public sealed class Ipv4HeaderTests : HeaderContract
{
    // An IGMPv3 report: 10.244.1.10 > 224.0.0.22, TOS 0xc0, TTL 1, with the Router Alert option.
    private static readonly byte[] _withOptions = Hex.Bytes(
        """
        46 c0 00 28 00 00 40 00 01 02 f7 fb 0a f4 01 0a
        e0 00 00 16 94 04 00 00 22 00 f9 02 00 00 00 01
        04 00 00 00 e0 00 00 fb
        """);

    protected override byte[] Whole => _withOptions;

    protected override byte[] Written => CapturedFrame.Ping.InnerIp[..Ipv4Header.MinLength];

    [Fact]
    public void A_captured_packet_reads_as_it_was_sent()
    {
        Ipv4Header.TryParse(CapturedFrame.Ping.InnerIp, out Ipv4Header header).ShouldBeTrue();

        header.HeaderLength.ShouldBe(20);
        header.Tos.ShouldBe((byte)0);
        header.Ecn.ShouldBe(Ecn.NotEct);
        header.TotalLength.ShouldBe((ushort)84);
        header.Identification.ShouldBe((ushort)0xfbc6);
        header.FlagsAndFragmentOffset.ShouldBe(Ipv4Header.DontFragment);
        header.IsFragment.ShouldBeFalse();
        header.Ttl.ShouldBe((byte)63);
        header.Protocol.ShouldBe(IpProtocol.Icmp);
        header.Checksum.ShouldBe((ushort)0x26e7);
        header.IsChecksumValid.ShouldBeTrue();
        header.Source.ToString().ShouldBe("10.244.1.10");
        header.Destination.ToString().ShouldBe("10.244.2.10");
        header.Options.Length.ShouldBe(0);
        header.Payload.ToArray().ShouldBe(CapturedFrame.Ping.InnerTransport);
    }

    [Fact]
    public void Options_lie_between_the_fixed_header_and_the_payload_and_count_in_the_checksum()
    {
        Ipv4Header.TryParse(_withOptions, out Ipv4Header header).ShouldBeTrue();

        header.HeaderLength.ShouldBe(24);
        header.Tos.ShouldBe((byte)0xc0);
        header.Protocol.ShouldBe((byte)2);
        header.IsChecksumValid.ShouldBeTrue();
        header.Options.ToArray().ShouldBe(Hex.Bytes("94 04 00 00"));
        header.Payload.ToArray().ShouldBe(_withOptions[24..]);
    }

    [Fact]
    public void Padding_behind_the_total_length_is_no_payload()
    {
        Ipv4Header.TryParse([.. _withOptions, 0, 0, 0, 0], out Ipv4Header header).ShouldBeTrue();

        header.Payload.ToArray().ShouldBe(_withOptions[24..]);
    }

    [Fact]
    public void A_change_of_any_bit_of_the_header_makes_the_checksum_invalid()
    {
        for (int bit = 8; bit < 8 * 24; bit++) // behind version and IHL, which TryParse judges
        {
            if (bit is >= 16 and < 32) continue; // so it does the total length
            byte[] packet = Flipped(bit);
            Ipv4Header.TryParse(packet, out Ipv4Header header).ShouldBeTrue();
            header.IsChecksumValid.ShouldBeFalse($"bit {bit}");
        }

        static byte[] Flipped(int bit)
        {
            byte[] packet = (byte[])_withOptions.Clone();
            packet[bit / 8] ^= (byte)(0x80 >> (bit % 8));
            return packet;
        }
    }

    [Theory]
    [InlineData(0x0000, false)]
    [InlineData(0x4000, false)]
    [InlineData(0x8000, false)] // the reserved bit says nothing
    [InlineData(0x2000, true)]
    [InlineData(0x0001, true)]
    [InlineData(0x1fff, true)]
    [InlineData(0x20b9, true)]
    public void A_packet_is_a_fragment_when_more_follow_or_its_offset_is_not_zero(
        ushort flagsAndOffset, bool isFragment)
    {
        byte[] packet = (byte[])_withOptions.Clone();
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), flagsAndOffset);
        Ipv4Header.TryParse(packet, out Ipv4Header header).ShouldBeTrue();

        header.FlagsAndFragmentOffset.ShouldBe(flagsAndOffset);
        header.IsFragment.ShouldBe(isFragment);
    }

    [Fact]
    public void Only_version_4_with_a_sound_IHL_is_accepted()
    {
        byte[] packet = new byte[60];
        packet[3] = 60;
        for (int first = 0; first <= 0xff; first++)
        {
            packet[0] = (byte)first;
            Ipv4Header.TryParse(packet, out _).ShouldBe(first is >= 0x45 and <= 0x4f, $"first byte 0x{first:x2}");
        }
    }

    [Fact]
    public void Only_a_total_length_from_the_header_to_the_bytes_given_is_accepted()
    {
        byte[] packet = (byte[])_withOptions.Clone();
        for (int length = 0; length <= ushort.MaxValue; length++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)length);
            bool isSound = length >= 24 && length <= packet.Length;
            if (Ipv4Header.TryParse(packet, out _) != isSound) Assert.Fail($"total length {length} of {packet.Length}");
        }
    }

    [Fact]
    public void SetEcn_makes_the_very_bytes_a_header_written_with_those_bits_has()
    {
        byte[] packet = new byte[Ipv4Header.MinLength];
        byte[] expected = new byte[Ipv4Header.MinLength];
        for (int tos = 0; tos <= 0xff; tos++)
        {
            for (int ecn = 0; ecn < 4; ecn++)
            {
                // In steps that spread the checksums; the next test takes every one of them.
                for (int id = 0; id <= ushort.MaxValue; id += 1021)
                {
                    WriteWith(packet, (byte)tos, (ushort)id);
                    WriteWith(expected, (byte)((tos & 0xfc) | ecn), (ushort)id);
                    Ipv4Header.SetEcn(packet, (Ecn)ecn);
                    if (!packet.SequenceEqual(expected)) Assert.Fail($"TOS 0x{tos:x2}, ECN {ecn}, id 0x{id:x4}");
                }
            }
        }
    }

    [Fact]
    public void SetEcn_agrees_with_a_recomputed_checksum_wherever_that_lies()
    {
        byte[] packet = new byte[Ipv4Header.MinLength];
        byte[] expected = new byte[Ipv4Header.MinLength];
        for (int id = 0; id <= ushort.MaxValue; id++) // every checksum comes by that a header can have
        {
            WriteWith(packet, (byte)Ecn.Ect0, (ushort)id);
            WriteWith(expected, (byte)Ecn.Ce, (ushort)id);
            Ipv4Header.SetEcn(packet, Ecn.Ce);
            if (!packet.SequenceEqual(expected)) Assert.Fail($"id 0x{id:x4}");
        }
    }

    [Theory]
    [InlineData(Ecn.NotEct)]
    [InlineData(Ecn.Ect0)]
    [InlineData(Ecn.Ect1)]
    [InlineData(Ecn.Ce)]
    public void SetEcn_changes_the_ECN_bits_and_the_checksum_alone(Ecn ecn)
    {
        byte[] packet = (byte[])_withOptions.Clone();
        Ipv4Header.SetEcn(packet, ecn);
        Ipv4Header.TryParse(packet, out Ipv4Header header).ShouldBeTrue();

        header.Ecn.ShouldBe(ecn);
        header.Tos.ShouldBe((byte)(0xc0 | (byte)ecn));
        header.IsChecksumValid.ShouldBeTrue();
        packet[0].ShouldBe(_withOptions[0]);
        packet[2..10].ShouldBe(_withOptions[2..10]);
        packet[12..].ShouldBe(_withOptions[12..]);
    }

    [Fact]
    public void SetEcn_does_not_repair_a_checksum_that_was_wrong()
    {
        byte[] packet = (byte[])_withOptions.Clone();
        packet[8]++; // the TTL, behind the checksum's back
        Ipv4Header.SetEcn(packet, Ecn.Ce);
        Ipv4Header.TryParse(packet, out Ipv4Header header).ShouldBeTrue();

        header.IsChecksumValid.ShouldBeFalse();
    }

    protected override void Write(Span<byte> destination) => Ipv4Header.Write(
        destination, tos: 0, totalLength: 84, identification: 0xfbc6, Ipv4Header.DontFragment, ttl: 63, IpProtocol.Icmp,
        IpAddress.Parse("10.244.1.10").ToIpv4(), IpAddress.Parse("10.244.2.10").ToIpv4());

    protected override bool TryReadAll(ReadOnlySpan<byte> bytes)
    {
        if (!Ipv4Header.TryParse(bytes, out Ipv4Header header)) return false;
        _ = header.Tos;
        _ = header.Ecn;
        _ = header.Identification;
        _ = header.IsFragment;
        _ = header.Ttl;
        _ = header.Protocol;
        _ = header.Checksum;
        _ = header.IsChecksumValid;
        _ = header.Source;
        _ = header.Destination;
        header.Options.Length.ShouldBe(header.HeaderLength - Ipv4Header.MinLength);
        header.Payload.Length.ShouldBe(header.TotalLength - header.HeaderLength);
        return true;
    }

    private static void WriteWith(Span<byte> packet, byte tos, ushort identification) => Ipv4Header.Write(
        packet, tos, totalLength: 20, identification, 0, ttl: 64, IpProtocol.Udp, new Ipv4Address(0x0af4010a),
        new Ipv4Address(0x0af4020a));
}
