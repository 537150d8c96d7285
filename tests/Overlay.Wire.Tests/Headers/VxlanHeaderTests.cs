using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Wire.Tests;

public sealed class VxlanHeaderTests : HeaderContract
{
    private const int ReservedBits = 39;

    protected override byte[] Whole => CapturedFrame.Ping.Vxlan[..VxlanHeader.Length];

    protected override byte[] Written => Hex.Bytes("08 00 00 00 12 34 56 00");

    [Theory]
    [InlineData("08 00 00 00 00 00 00 00", 0)]
    [InlineData("08 00 00 00 12 34 56 00", 0x123456)]
    [InlineData("08 00 00 00 ff ff ff 00", 0xffffff)]
    public void The_identifier_is_the_24_bits_between_the_reserved_fields(string bytes, uint vni)
    {
        VxlanHeader.TryParse(Hex.Bytes(bytes), out VxlanHeader header).ShouldBeTrue();

        header.IsValid.ShouldBeTrue();
        header.Vni.ShouldBe(new Vni(vni));
        header.Payload.Length.ShouldBe(0);
    }

    [Fact]
    public void A_captured_datagram_reads_as_it_was_sent()
    {
        VxlanHeader.TryParse(CapturedFrame.Ping.Vxlan, out VxlanHeader header).ShouldBeTrue();

        header.IsValid.ShouldBeTrue();
        header.Vni.ShouldBe(new Vni(1));
        header.Payload.ToArray().ShouldBe(CapturedFrame.Ping.InnerEthernet);
    }

    [Fact]
    public void A_header_without_the_I_flag_is_not_valid()
    {
        VxlanHeader.TryParse(new byte[VxlanHeader.Length], out VxlanHeader header).ShouldBeTrue();

        header.IsValid.ShouldBeFalse();
    }

    [Fact]
    public void A_header_with_any_one_reserved_bit_set_is_not_valid()
    {
        int reserved = 0;
        for (int bit = 0; bit < 8 * VxlanHeader.Length; bit++)
        {
            bool isIFlag = bit == 4;
            bool isVni = bit is >= 32 and < 56;
            byte[] bytes = (byte[])Written.Clone();
            bytes[bit / 8] ^= (byte)(0x80 >> (bit % 8));
            VxlanHeader.TryParse(bytes, out VxlanHeader header).ShouldBeTrue();

            header.IsValid.ShouldBe(isVni, $"bit {bit}");
            if (!isIFlag && !isVni) reserved++;
        }

        reserved.ShouldBe(ReservedBits);
    }

    protected override void Write(Span<byte> destination) => VxlanHeader.Write(destination, new Vni(0x123456));

    protected override bool TryReadAll(ReadOnlySpan<byte> bytes)
    {
        if (!VxlanHeader.TryParse(bytes, out VxlanHeader header)) return false;
        _ = header.IsValid;
        _ = header.Vni;
        header.Payload.Length.ShouldBe(bytes.Length - VxlanHeader.Length);
        return true;
    }
}
