using Overlay.Wire.Headers;

namespace Overlay.Wire.Tests;

public sealed class TcpHeaderTests : HeaderContract
{
    protected override byte[] Whole => CapturedFrame.TcpSyn.InnerTransport;

    protected override byte[] Written => Hex.Bytes("d7 70 23 28 9a 03 0a 77 d9 4a b2 ca 50 c2 00 40 19 22 12 34");

    [Fact]
    public void A_captured_SYN_reads_as_it_was_sent()
    {
        TcpHeader.TryParse(CapturedFrame.TcpSyn.InnerTransport, out TcpHeader header).ShouldBeTrue();

        header.SourcePort.ShouldBe((ushort)55152);
        header.DestinationPort.ShouldBe((ushort)9000);
        header.SequenceNumber.ShouldBe(2583890550u);
        header.AcknowledgmentNumber.ShouldBe(0u);
        header.HeaderLength.ShouldBe(40);
        header.Flags.ShouldBe((byte)0x02);
        header.Window.ShouldBe((ushort)64860);
        header.Checksum.ShouldBe((ushort)0x192a);
        header.UrgentPointer.ShouldBe((ushort)0);
        header.Options.ToArray().ShouldBe(Hex.Bytes("02 04 05 82 04 02 08 0a 2c 5e b0 20 00 00 00 00 01 03 03 0a"));
        header.Payload.Length.ShouldBe(0);
    }

    [Fact]
    public void A_captured_ACK_with_data_behind_it_reads_as_it_was_sent()
    {
        byte[] data = [1, 2, 3, 4, 5];
        TcpHeader.TryParse([.. CapturedFrame.TcpAck.InnerTransport, .. data], out TcpHeader header).ShouldBeTrue();

        header.SequenceNumber.ShouldBe(2583890551u);
        header.AcknowledgmentNumber.ShouldBe(3645551306u);
        header.HeaderLength.ShouldBe(32);
        header.Flags.ShouldBe((byte)0x10);
        header.Window.ShouldBe((ushort)64);
        header.Options.ToArray().ShouldBe(Hex.Bytes("01 01 08 0a 2c 5e b0 20 06 6f 3d 6e"));
        header.Payload.ToArray().ShouldBe(data);
    }

    [Fact]
    public void The_fields_no_captured_segment_uses_are_read_from_their_places()
    {
        TcpHeader.TryParse(Written, out TcpHeader header).ShouldBeTrue();

        header.HeaderLength.ShouldBe(TcpHeader.MinLength);
        header.Flags.ShouldBe((byte)0xc2);
        header.UrgentPointer.ShouldBe((ushort)0x1234);
        header.Options.Length.ShouldBe(0);
        header.Payload.Length.ShouldBe(0);
    }

    [Fact]
    public void Only_a_data_offset_of_at_least_5_words_within_the_segment_is_accepted()
    {
        for (int words = 0; words < 16; words++)
        {
            for (int length = 0; length <= 64; length++)
            {
                byte[] segment = new byte[64];
                segment[12] = (byte)((words << 4) | 0x0f); // the reserved bits and what else shares the byte do not count
                bool isSound = words >= 5 && words * 4 <= length;
                TcpHeader.TryParse(segment.AsSpan(0, length), out _)
                    .ShouldBe(isSound, $"{words} words, {length} bytes");
            }
        }
    }

    protected override void Write(Span<byte> destination) => TcpHeader.Write(
        destination, sourcePort: 55152, destinationPort: 9000, sequenceNumber: 2583890551,
        acknowledgmentNumber: 3645551306, flags: 0xc2, window: 64, checksum: 0x1922, urgentPointer: 0x1234);

    protected override bool TryReadAll(ReadOnlySpan<byte> bytes)
    {
        if (!TcpHeader.TryParse(bytes, out TcpHeader header)) return false;
        _ = header.SourcePort;
        _ = header.DestinationPort;
        _ = header.SequenceNumber;
        _ = header.AcknowledgmentNumber;
        _ = header.Flags;
        _ = header.Window;
        _ = header.Checksum;
        _ = header.UrgentPointer;
        header.Options.Length.ShouldBe(header.HeaderLength - TcpHeader.MinLength);
        header.Payload.Length.ShouldBe(bytes.Length - header.HeaderLength);
        return true;
    }
}
