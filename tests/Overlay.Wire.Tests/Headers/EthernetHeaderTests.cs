using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Wire.Tests;

public sealed class EthernetHeaderTests : HeaderContract
{
    protected override byte[] Whole => CapturedFrame.Ping.InnerEthernet[..EthernetHeader.Length];

    protected override byte[] Written => Whole;

    [Fact]
    public void A_captured_IPv4_frame_reads_as_it_was_sent()
    {
        EthernetHeader.TryParse(CapturedFrame.Ping.InnerEthernet, out EthernetHeader header).ShouldBeTrue();

        header.Destination.ShouldBe(MacAddress.Parse("be:01:01:a2:94:2d"));
        header.Source.ShouldBe(MacAddress.Parse("3a:74:bf:96:92:d9"));
        header.EtherType.ShouldBe(EthernetHeader.Ipv4);
        header.Payload.ToArray().ShouldBe(CapturedFrame.Ping.InnerIp);
    }

    [Fact]
    public void A_captured_IPv6_frame_reads_as_it_was_sent()
    {
        EthernetHeader.TryParse(CapturedFrame.PingV6.Ethernet, out EthernetHeader header).ShouldBeTrue();

        header.Destination.ShouldBe(MacAddress.Parse("4a:ed:8c:30:48:61"));
        header.Source.ShouldBe(MacAddress.Parse("a6:11:21:d9:61:e2"));
        header.EtherType.ShouldBe(EthernetHeader.Ipv6);
        header.Payload.ToArray().ShouldBe(CapturedFrame.PingV6.Ip);
    }

    protected override void Write(Span<byte> destination) => EthernetHeader.Write(
        destination, MacAddress.Parse("be:01:01:a2:94:2d"), MacAddress.Parse("3a:74:bf:96:92:d9"), EthernetHeader.Ipv4);

    protected override bool TryReadAll(ReadOnlySpan<byte> bytes)
    {
        if (!EthernetHeader.TryParse(bytes, out EthernetHeader header)) return false;
        _ = header.Destination;
        _ = header.Source;
        _ = header.EtherType;
        header.Payload.Length.ShouldBe(bytes.Length - EthernetHeader.Length);
        return true;
    }
}
