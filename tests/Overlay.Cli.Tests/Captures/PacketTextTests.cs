using Overlay.Cli.Captures;
using PacketDotNet;

namespace Overlay.Cli.Tests;

/// <summary>A packet in words, and packets that nobody can read.</summary>
public sealed class PacketTextTests
{
    [Theory]
    [InlineData(1, "0800000000010001", "10.244.1.1 > 10.244.2.2 ICMP echo request")]
    [InlineData(1, "0000000000010001", "10.244.1.1 > 10.244.2.2 ICMP echo reply")]
    [InlineData(17, "9c40003500080000", "10.244.1.1:40000 > 10.244.2.2:53 UDP")]
    [InlineData(6, "9c400050000000010000000250020000000000000", "10.244.1.1:40000 > 10.244.2.2:80 TCP SYN")]
    [InlineData(6, "00509c40000000010000000250190000000000000", "10.244.1.1:80 > 10.244.2.2:40000 TCP FIN PSH ACK")]
    public void A_packet_of_ipv4_is_its_flow_and_the_kind_of_message(int protocol, string payload, string words)
    {
        byte[] rest = Hex(payload);
        Words(Hex(Ipv4(20 + rest.Length, protocol)).Concat(rest)).ShouldBe(words);
    }

    [Theory]
    [InlineData(58, "8000000000010001", "fd00:10:244:1::1 > fd00:10:244:2::2 ICMPv6 echo request")]
    [InlineData(17, "9c40003500080000", "[fd00:10:244:1::1]:40000 > [fd00:10:244:2::2]:53 UDP")]
    public void A_packet_of_ipv6_has_its_addresses_in_brackets_where_there_are_ports(int protocol, string payload, string words)
    {
        byte[] rest = Hex(payload);
        Words(Hex(Ipv6(rest.Length, protocol)).Concat(rest)).ShouldBe(words);
    }

    [Fact]
    public void A_packet_that_was_cut_short_still_shows_its_flow()
    {
        byte[] whole = [.. Hex(Ipv4(1400, 17)), .. Hex("9c4000350564000000")];
        Words(whole).ShouldBe("10.244.1.1:40000 > 10.244.2.2:53 UDP");
    }

    [Fact]
    public void No_packet_whatever_its_bytes_are_ends_a_capture()
    {
        Random random = new(9293);
        Words([]).ShouldBe("no IP packet");
        byte[] sound =
            [.. Hex(Ipv4(48, 17)), .. Hex("9c4012b5001c0000080000000000010000"), .. new byte[11]];
        for (int round = 0; round < 50_000; round++)
        {
            byte[] packet = (byte[])sound.Clone();
            for (int changes = random.Next(1, 6); changes > 0; changes--)
                packet[random.Next(packet.Length)] = (byte)random.Next(256);
            if (random.Next(3) == 0) packet = packet[..random.Next(packet.Length)];
            Words(packet).ShouldNotBeNullOrEmpty();
            foreach (LinkLayers link in new[] { LinkLayers.Ethernet, LinkLayers.Raw })
                _ = PacketText.FlowOf(PacketText.IpOf(PacketText.VxlanOf(PacketText.IpOf(PacketText.Read(link, packet)))));
        }
    }

    // Headers written byte by byte from the RFCs.
    private static string Ipv4(int length, int protocol) => $"4500{length:x4}0000400040{protocol:x2}00000af401010af40202";

    private static string Ipv6(int length, int protocol) =>
        $"60000000{length:x4}{protocol:x2}40fd000010024400010000000000000001fd000010024400020000000000000002";

    private static string Words(IEnumerable<byte> packet) =>
        PacketText.FlowOf(PacketText.IpOf(PacketText.Read(LinkLayers.Raw, [.. packet])));

    private static byte[] Hex(string text) => Convert.FromHexString(text.Length % 2 == 0 ? text : text + "0");
}
