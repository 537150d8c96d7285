using Overlay.Wire.Headers;

namespace Overlay.Wire.Tests;

public sealed class IcmpHeaderTests : HeaderContract
{
    protected override byte[] Whole => CapturedFrame.Ping.InnerTransport[..IcmpHeader.Length];

    protected override byte[] Written => Hex.Bytes("80 04 d8 5b 43 ae 00 01");

    [Fact]
    public void A_captured_ICMP_echo_request_reads_as_it_was_sent()
    {
        byte[] message = CapturedFrame.Ping.InnerTransport;
        IcmpHeader.TryParse(message, out IcmpHeader header).ShouldBeTrue();

        header.Type.ShouldBe((byte)8);
        header.Code.ShouldBe((byte)0);
        header.Checksum.ShouldBe((ushort)0x7215);
        header.Identifier.ShouldBe((ushort)0x43ab);
        header.SequenceNumber.ShouldBe((ushort)1);
        header.Payload.ToArray().ShouldBe(message[8..]);
    }

    [Fact]
    public void A_captured_ICMPv6_echo_request_reads_as_it_was_sent()
    {
        byte[] message = CapturedFrame.PingV6.InnerTransport;
        IcmpHeader.TryParse(message, out IcmpHeader header).ShouldBeTrue();

        header.Type.ShouldBe((byte)128);
        header.Code.ShouldBe((byte)0);
        header.Checksum.ShouldBe((ushort)0xd85b);
        header.Identifier.ShouldBe((ushort)0x43ae);
        header.SequenceNumber.ShouldBe((ushort)1);
        header.Payload.ToArray().ShouldBe(message[8..]);
    }

    [Fact]
    public void The_code_is_the_second_byte_and_the_next_hop_MTU_the_last_two()
    {
        // "Fragmentation needed" with an MTU of 1450, where an echo has its sequence number.
        IcmpHeader.TryParse(Hex.Bytes("03 04 0c b8 00 00 05 aa"), out IcmpHeader header).ShouldBeTrue();

        header.Type.ShouldBe((byte)3);
        header.Code.ShouldBe((byte)4);
        header.SequenceNumber.ShouldBe((ushort)1450);
    }

    protected override void Write(Span<byte> destination) => IcmpHeader.Write(destination, 128, 4, 0xd85b, 0x43ae, 1);

    protected override bool TryReadAll(ReadOnlySpan<byte> bytes)
    {
        if (!IcmpHeader.TryParse(bytes, out IcmpHeader header)) return false;
        _ = header.Type;
        _ = header.Code;
        _ = header.Checksum;
        _ = header.Identifier;
        _ = header.SequenceNumber;
        header.Payload.Length.ShouldBe(bytes.Length - IcmpHeader.Length);
        return true;
    }
}
