using System.Buffers;
using System.Buffers.Binary;
using Overlay.Wire.Captures;

namespace Overlay.Wire.Tests;

/// <summary>Captures written and read back, whole and damaged.</summary>
public sealed class PcapngTests
{
    private static readonly DateTime _time = new(2030, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc);

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "a")]
    [InlineData(2, "dropped: SourceNotAllowed (from 192.0.2.7)")]
    [InlineData(63, "forwarded to node \u00fc")]
    [InlineData(65_535, "forwarded to node b, 44 packets in one")]
    public void A_packet_is_read_as_it_was_written(int length, string comment)
    {
        byte[] bytes = [.. Enumerable.Range(0, length).Select(static at => (byte)at)];
        byte[] block = Written(to => PcapngWriter.Packet(to, 1, _time, bytes, length + 7, PacketWay.Out, comment));
        (block.Length % 4).ShouldBe(0);
        PcapngReader.IsWhole(block).ShouldBeTrue();
        PcapngReader.TryReadLength(block, out int whole).ShouldBeTrue();
        whole.ShouldBe(block.Length);
        PcapngReader.TryReadPacket(block, out CapturedPacket packet).ShouldBeTrue();
        packet.Bytes.ToArray().ShouldBe(bytes);
        (packet.Time, packet.Length, packet.Way, packet.Comment).ShouldBe((_time, length + 7, PacketWay.Out, comment));
        PcapngReader.TryReadMissed(block, out _, out _).ShouldBeFalse();
        PcapngReader.IsSection(block).ShouldBeFalse();
    }

    [Fact]
    public void Sums_are_read_as_they_were_written_and_a_section_is_known()
    {
        byte[] sums = Written(static to => PcapngWriter.Statistics(to, 1, _time, 1L << 40, 1L << 33));
        PcapngReader.TryReadMissed(sums, out int number, out long missed).ShouldBeTrue();
        (number, missed).ShouldBe((1, 1L << 33));
        byte[] section = Written(static to => PcapngWriter.Section(to, "overlayd 0.1.0"));
        PcapngReader.IsSection(section).ShouldBeTrue();
        PcapngReader.IsWhole(section).ShouldBeTrue();
        byte[] @interface = Written(static to => PcapngWriter.Interface(to, "overlay egress", LinkType.Raw, 256));
        PcapngReader.IsWhole(@interface).ShouldBeTrue();
        PcapngReader.TryReadPacket(@interface, out _).ShouldBeFalse();
    }

    [Fact]
    public void A_damaged_block_is_read_or_refused_and_nothing_is_thrown()
    {
        Random random = new(9293);
        byte[][] blocks =
        [
            Written(static to => PcapngWriter.Packet(to, 0, _time, new byte[61], 61, PacketWay.In, "forwarded from node b")),
            Written(static to => PcapngWriter.Statistics(to, 0, _time, 5, 3)),
            Written(static to => PcapngWriter.Section(to, "overlayd")),
        ];
        int refused = 0;
        for (int round = 0; round < 100_000; round++)
        {
            byte[] block = (byte[])blocks[round % blocks.Length].Clone();
            for (int changes = random.Next(1, 4); changes > 0; changes--)
                block[random.Next(block.Length)] = random.Next(3) == 0 ? (byte)255 : (byte)random.Next(256);
            if (random.Next(4) == 0) block = block[..random.Next(block.Length)];
            bool isPacket = PcapngReader.TryReadPacket(block, out CapturedPacket packet);
            if (isPacket) packet.Bytes.Length.ShouldBeLessThan(block.Length);
            if (!isPacket && !PcapngReader.TryReadMissed(block, out _, out _) && !PcapngReader.IsSection(block)) refused++;
            _ = PcapngReader.IsWhole(block);
            if (block.Length >= PcapngReader.HeadLength && PcapngReader.TryReadLength(block, out int length))
                length.ShouldBeInRange(12, PcapngReader.MostBytes);
        }

        refused.ShouldBeGreaterThan(1000);
    }

    [Theory]
    [InlineData(PcapngReader.MostBytes, true)]
    [InlineData(PcapngReader.MostBytes + 4, false)]
    [InlineData(12, true)]
    [InlineData(8, false)]
    public void A_block_has_a_bound(int length, bool isTaken)
    {
        byte[] head = new byte[PcapngReader.HeadLength];
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(sizeof(uint)), length);
        PcapngReader.TryReadLength(head, out _).ShouldBe(isTaken);
    }

    private static byte[] Written(Action<IBufferWriter<byte>> write)
    {
        ArrayBufferWriter<byte> to = new();
        write(to);
        return to.WrittenSpan.ToArray();
    }
}
