using System.Buffers.Binary;
using Overlay.Wire.Headers;

namespace Overlay.Wire.Tests;

public sealed class UdpHeaderTests : HeaderContract
{
    protected override byte[] Whole => CapturedFrame.Ping.Udp;

    protected override byte[] Written => Whole[..UdpHeader.HeaderLength];

    [Fact]
    public void A_captured_datagram_reads_as_it_was_sent()
    {
        UdpHeader.TryParse(CapturedFrame.Ping.Udp, out UdpHeader header).ShouldBeTrue();

        header.SourcePort.ShouldBe((ushort)38587);
        header.DestinationPort.ShouldBe((ushort)8472);
        header.Length.ShouldBe((ushort)114);
        header.Checksum.ShouldBe((ushort)0x1bd8);
        header.Payload.ToArray().ShouldBe(CapturedFrame.Ping.Vxlan);
    }

    [Fact]
    public void Bytes_behind_the_length_field_are_no_payload()
    {
        UdpHeader.TryParse([.. Whole, 1, 2, 3], out UdpHeader header).ShouldBeTrue();

        header.Payload.ToArray().ShouldBe(CapturedFrame.Ping.Vxlan);
    }

    [Fact]
    public void Only_a_length_from_8_to_the_bytes_given_is_accepted()
    {
        byte[] datagram = Whole;
        for (int length = 0; length <= ushort.MaxValue; length++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(4), (ushort)length);
            bool isSound = length >= UdpHeader.HeaderLength && length <= datagram.Length;
            if (UdpHeader.TryParse(datagram, out _) != isSound) Assert.Fail($"length {length} of {datagram.Length}");
        }
    }

    protected override void Write(Span<byte> destination) => UdpHeader.Write(destination, 38587, 8472, 114, 0x1bd8);

    protected override bool TryReadAll(ReadOnlySpan<byte> bytes)
    {
        if (!UdpHeader.TryParse(bytes, out UdpHeader header)) return false;
        _ = header.SourcePort;
        _ = header.DestinationPort;
        _ = header.Checksum;
        header.Payload.Length.ShouldBe(header.Length - UdpHeader.HeaderLength);
        return true;
    }
}
