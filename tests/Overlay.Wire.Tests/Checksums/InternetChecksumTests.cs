using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Wire.Tests;

public sealed class InternetChecksumTests
{
    private const int JumboFrame = 9001;

    [Fact]
    public void The_example_of_RFC_1071_sums_to_ddf2()
    {
        byte[] bytes = Hex.Bytes("00 01 f2 03 f4 f5 f6 f7"); // section 3

        InternetChecksum.Sum(bytes).ShouldBe(0xddf2u);
        InternetChecksum.Finish(InternetChecksum.Sum(bytes)).ShouldBe((ushort)0x220d);
    }

    [Fact]
    public void Nothing_sums_to_zero() => InternetChecksum.Sum([]).ShouldBe(0u);

    [Fact]
    public void An_odd_last_byte_is_the_high_half_of_its_word() =>
        InternetChecksum.Sum([0x12, 0x34, 0xab]).ShouldBe(0xbd34u);

    [Fact]
    public void Every_length_up_to_a_jumbo_frame_sums_as_the_naive_loop_does()
    {
        byte[] bytes = Noise(JumboFrame, seed: 1071);
        for (int length = 0; length <= bytes.Length; length++)
            ShouldMatchNaive(bytes.AsSpan(0, length), $"{length} bytes");
    }

    [Fact]
    public void Every_alignment_sums_as_the_naive_loop_does()
    {
        byte[] bytes = Noise(1024, seed: 1624);
        for (int start = 0; start <= 64; start++)
        {
            for (int length = 0; length <= 300; length++)
                ShouldMatchNaive(bytes.AsSpan(start, length), $"{length} bytes from {start}");
        }
    }

    [Fact]
    public void No_carry_is_lost_when_every_bit_is_set()
    {
        byte[] bytes = new byte[128 * 1024];
        Array.Fill(bytes, (byte)0xff);
        for (int length = 1; length <= JumboFrame; length++)
            ShouldMatchNaive(bytes.AsSpan(0, length), $"{length} bytes");

        InternetChecksum.Sum(bytes).ShouldBe(0xffffu);
    }

    [Fact]
    public void A_carry_out_of_the_carry_is_not_lost() =>
        InternetChecksum.Sum([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0, 0]).ShouldBe(0x0100u);

    [Fact]
    public void A_carry_out_of_any_one_word_reaches_the_sum()
    {
        // One word of 0xffff and one of 0x0001 anywhere: their sum is 0x10000, which folds to 1.
        byte[] bytes = new byte[256];
        for (int high = 0; high < bytes.Length; high += 2)
        {
            for (int low = 0; low < bytes.Length; low += 2)
            {
                if (low == high) continue;
                Array.Clear(bytes);
                BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(high), 0xffff);
                BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(low), 1);
                if (InternetChecksum.Sum(bytes) != 1) Assert.Fail($"0xffff at {high}, 1 at {low}");
            }
        }
    }

    [Fact]
    public void Sums_of_the_parts_of_a_packet_add_up_to_the_sum_of_the_whole() =>
        Check(Prop.ForAll<byte[], byte[]>((head, tail) =>
        {
            byte[] even = head[..(head.Length & ~1)]; // a part after an odd one would be shifted by a byte
            return InternetChecksum.Fold(InternetChecksum.Sum(even) + InternetChecksum.Sum(tail))
                == InternetChecksum.Sum((byte[])[.. even, .. tail]);
        }));

    [Theory]
    [InlineData(0x0000_0000, 0x0000)]
    [InlineData(0x0000_ffff, 0xffff)]
    [InlineData(0x0001_0000, 0x0001)]
    [InlineData(0x0001_ffff, 0x0001)] // the first fold carries again
    [InlineData(0xffff_0001, 0x0001)]
    [InlineData(0xffff_ffff, 0xffff)]
    public void Folding_adds_the_carries_back_in(uint sum, uint folded)
    {
        InternetChecksum.Fold(sum).ShouldBe(folded);
        InternetChecksum.Finish(sum).ShouldBe((ushort)~folded);
    }

    [Fact]
    public void An_update_gives_what_RFC_1624_says() =>
        // Section 4's example, for which the equation of RFC 1141 gives 0xffff.
        InternetChecksum.Update(0xdd2f, 0x5555, 0x3285).ShouldBe((ushort)0x0000);

    [Fact]
    public void An_update_equals_a_full_recomputation() =>
        Check(Prop.ForAll<NonEmptyArray<ushort>, PositiveInt, ushort>((words, at, newWord) =>
        {
            ushort[] covered = [.. words.Get];
            int index = at.Get % covered.Length;
            ushort before = Recompute(covered);
            ushort oldWord = covered[index];
            covered[index] = newWord;
            return IsUpdateOf(InternetChecksum.Update(before, oldWord, newWord), covered);
        }));

    [Fact]
    public void An_update_equals_a_full_recomputation_at_both_zeros()
    {
        ushort[] corners = [0x0000, 0x0001, 0x7fff, 0x8000, 0xfffe, 0xffff];
        for (int other = 0; other <= ushort.MaxValue; other++) // whatever the checksum was before, 0x0000 and 0xffff among it
        {
            foreach (ushort oldWord in corners)
            {
                foreach (ushort newWord in corners)
                {
                    ushort updated = InternetChecksum.Update(Recompute((ushort)other, oldWord), oldWord, newWord);
                    if (!IsUpdateOf(updated, (ushort)other, newWord))
                        Assert.Fail($"{other:x4}: {oldWord:x4} to {newWord:x4}");
                }
            }
        }
    }

    [Fact]
    public void An_update_that_leaves_only_zeros_behind_answers_the_other_zero()
    {
        // No header is all zeros, but a caller should know: recomputation says 0xffff, the update 0x0000; both verify.
        InternetChecksum.Update(Recompute(0x1234), 0x1234, 0x0000).ShouldBe((ushort)0x0000);
        Recompute(0x0000).ShouldBe((ushort)0xffff);
    }

    [Fact]
    public void The_IPv4_pseudo_header_is_what_the_kernel_left_for_the_device_to_complete()
    {
        PseudoHeaderV4(CapturedFrame.Ping.Ip).ShouldBe(0x1bd8u); // UDP
        PseudoHeaderV4(CapturedFrame.TcpSyn.InnerIp).ShouldBe(0x192au);
        PseudoHeaderV4(CapturedFrame.TcpAck.InnerIp).ShouldBe(0x1922u);
    }

    [Fact]
    public void The_IPv6_pseudo_header_is_what_the_kernel_left_for_the_device_to_complete() =>
        PseudoHeaderV6(CapturedFrame.PingV6.Ip).ShouldBe(0xfb89u); // UDP

    [Fact]
    public void Captured_transport_headers_get_the_checksums_tshark_computes_for_them()
    {
        CapturedFrame ping = CapturedFrame.Ping;
        CapturedFrame pingV6 = CapturedFrame.PingV6;
        Completed(ping.Udp, PseudoHeaderV4(ping.Ip), UdpHeader.ChecksumOffset).ShouldBe((ushort)0x3a2c);
        Completed(pingV6.Udp, PseudoHeaderV6(pingV6.Ip), UdpHeader.ChecksumOffset).ShouldBe((ushort)0x69a2);
        CompletedTcp(CapturedFrame.TcpSyn).ShouldBe((ushort)0xb645);
        CompletedTcp(CapturedFrame.TcpAck).ShouldBe((ushort)0x11fd);

        static ushort CompletedTcp(CapturedFrame frame) =>
            Completed(frame.InnerTransport, PseudoHeaderV4(frame.InnerIp), TcpHeader.ChecksumOffset);
    }

    [Fact]
    public void Captured_ICMP_verifies_without_a_pseudo_header_and_ICMPv6_with_one()
    {
        InternetChecksum.Sum(CapturedFrame.Ping.InnerTransport).ShouldBe(0xffffu);
        uint icmpv6 = InternetChecksum.Sum(CapturedFrame.PingV6.InnerTransport);
        InternetChecksum.Fold(icmpv6).ShouldNotBe(0xffffu);
        InternetChecksum.Fold(icmpv6 + PseudoHeaderV6(CapturedFrame.PingV6.InnerIp)).ShouldBe(0xffffu);
    }

    [Fact]
    public void Pseudo_headers_sum_as_their_bytes_do()
    {
        Check(Prop.ForAll<uint, uint, byte>((source, destination, protocol) =>
        {
            int length = (int)(source ^ destination) & 0xffff;
            byte[] bytes = new byte[12]; // RFC 9293 section 3.1
            new Ipv4Address(source).Write(bytes);
            new Ipv4Address(destination).Write(bytes.AsSpan(4));
            bytes[9] = protocol;
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(10), (ushort)length);
            uint sum =
                InternetChecksum.PseudoHeader(new Ipv4Address(source), new Ipv4Address(destination), protocol, length);
            return sum == Naive(bytes);
        }));

        Gen<UInt128> address = Gen.Choose(int.MinValue, int.MaxValue).ArrayOf(4)
            .Select(words => words.Aggregate(UInt128.Zero, (sum, word) => (sum << 32) | (uint)word));
        Check(Prop.ForAll(address.Zip(address).Zip(Gen.Choose(0, 0xf_ffff)).ToArbitrary(), sample =>
        {
            ((UInt128 source, UInt128 destination), int length) = sample;
            byte[] bytes = new byte[40]; // RFC 8200 section 8.1
            BinaryPrimitives.WriteUInt128BigEndian(bytes, source);
            BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(16), destination);
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(32), length);
            bytes[39] = IpProtocol.Tcp;
            uint sum = InternetChecksum.PseudoHeader(
                new Ipv6Address(source), new Ipv6Address(destination), IpProtocol.Tcp, length);
            return sum == Naive(bytes);
        }));
    }

    [Fact]
    public void No_carry_is_lost_in_a_pseudo_header_of_all_ones()
    {
        Ipv4Address v4 = new(uint.MaxValue);
        Ipv6Address v6 = new(UInt128.MaxValue);

        InternetChecksum.PseudoHeader(v4, v4, 0xff, 0xffff).ShouldBe(0xffu);
        InternetChecksum.PseudoHeader(v6, v6, 0xff, 0xffff).ShouldBe(0xffu);
    }

    private static uint PseudoHeaderV4(byte[] packet)
    {
        Ipv4Header.TryParse(packet, out Ipv4Header ip).ShouldBeTrue();
        return InternetChecksum.PseudoHeader(ip.Source, ip.Destination, ip.Protocol, ip.Payload.Length);
    }

    private static uint PseudoHeaderV6(byte[] packet)
    {
        Ipv6Header.TryParse(packet, out Ipv6Header ip).ShouldBeTrue();
        return InternetChecksum.PseudoHeader(ip.Source, ip.Destination, ip.NextHeader, ip.PayloadLength);
    }

    private static ushort Completed(byte[] transport, uint pseudoHeader, int checksumOffset)
    {
        transport.AsSpan(checksumOffset, sizeof(ushort)).Clear();
        return InternetChecksum.Finish(pseudoHeader + InternetChecksum.Sum(transport));
    }

    private static ushort Recompute(params ReadOnlySpan<ushort> words)
    {
        uint sum = 0;
        foreach (ushort word in words)
        {
            sum += word;
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return (ushort)~sum;
    }

    /// <summary>Equal to recomputation, but for the two zeros where nothing but zeros is left.</summary>
    private static bool IsUpdateOf(ushort updated, params ReadOnlySpan<ushort> words) =>
        words.ContainsAnyExcept((ushort)0) ? updated == Recompute(words) : updated is 0x0000 or 0xffff;

    private static void ShouldMatchNaive(ReadOnlySpan<byte> bytes, string what)
    {
        if (InternetChecksum.Sum(bytes) != Naive(bytes)) Assert.Fail(what);
    }

    /// <summary>One word at a time, its carry at once added back: slow, and plainly RFC 1071's definition.</summary>
    private static uint Naive(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i += 2)
        {
            sum += ((uint)bytes[i] << 8) + (i + 1 < bytes.Length ? bytes[i + 1] : 0u);
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return sum;
    }

    private static byte[] Noise(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void Check(Property property) =>
        property.Check(Config.QuickThrowOnFailure.WithMaxTest(1_000).WithQuietOnSuccess(true));
}
