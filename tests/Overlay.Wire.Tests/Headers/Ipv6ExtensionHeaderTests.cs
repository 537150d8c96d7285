using FsCheck;
using FsCheck.Fluent;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Wire.Tests;

/// <summary>The walk from the fixed IPv6 header to the upper layer (RFC 8200 section 4).</summary>
public sealed class Ipv6ExtensionHeaderTests
{
    private const byte EncapsulatingSecurityPayload = 50;
    private const byte NoNextHeader = 59;

    private static readonly byte[] _udp = Hex.Bytes("96 bb 21 18 00 08 00 00");

    // Each without its first byte, the next header, which Packet fills in. RFC 8200 sections 4.3 to 4.6, RFC 4302.
    private static readonly Extension _hopByHop = new(IpProtocol.HopByHop, "00 05 02 00 00 01 00"); // Router Alert, PadN
    private static readonly Extension _destination = new(
        IpProtocol.DestinationOptions, "01 01 0c 00 00 00 00 00 00 00 00 00 00 00 00"); // PadN over 16 bytes
    private static readonly Extension _routing = new(IpProtocol.Routing, "00 02 00 00 00 00 00");
    private static readonly Extension _firstFragment = new(IpProtocol.Fragment, "00 00 01 00 00 00 2a");
    private static readonly Extension _atomicFragment = new(IpProtocol.Fragment, "00 00 00 00 00 00 2a");
    private static readonly Extension _laterFragment = new(IpProtocol.Fragment, "00 00 09 00 00 00 2a");

    // 24 bytes: its length counts words of four, and two fewer than there are.
    private static readonly Extension _authentication = new(
        IpProtocol.AuthenticationHeader, "04 00 00 00 00 00 01 00 00 00 01 11 11 11 11 11 11 11 11 11 11 11 11");

    [Theory]
    [InlineData(IpProtocol.Udp)]
    [InlineData(IpProtocol.Tcp)]
    [InlineData(IpProtocol.Icmpv6)]
    [InlineData(NoNextHeader)]
    [InlineData(EncapsulatingSecurityPayload)] // what it hides cannot be walked
    public void Without_extension_headers_the_upper_layer_follows_the_fixed_header(byte protocol) =>
        Walk(Packet(protocol)).ShouldBe((true, protocol, Ipv6Header.Length, false));

    [Fact]
    public void Each_extension_header_is_stepped_over_by_its_own_length()
    {
        Walk(Packet(IpProtocol.Udp, _hopByHop)).ShouldBe((true, IpProtocol.Udp, 40 + 8, false));
        Walk(Packet(IpProtocol.Udp, _destination)).ShouldBe((true, IpProtocol.Udp, 40 + 16, false));
        Walk(Packet(IpProtocol.Udp, _routing)).ShouldBe((true, IpProtocol.Udp, 40 + 8, false));
        Walk(Packet(IpProtocol.Udp, _authentication)).ShouldBe((true, IpProtocol.Udp, 40 + 24, false));
        Walk(Packet(IpProtocol.Udp, _firstFragment)).ShouldBe((true, IpProtocol.Udp, 40 + 8, true));
    }

    [Fact]
    public void All_of_them_in_a_row_lead_to_the_upper_layer() =>
        Walk(Packet(IpProtocol.Tcp, _hopByHop, _destination, _routing, _firstFragment, _authentication, _destination))
            .ShouldBe((true, IpProtocol.Tcp, 40 + 8 + 16 + 8 + 8 + 24 + 16, true));

    [Fact]
    public void An_atomic_fragment_is_a_fragment_whose_upper_layer_is_there() =>
        Walk(Packet(IpProtocol.Udp, _hopByHop, _atomicFragment)).ShouldBe((true, IpProtocol.Udp, 40 + 16, true));

    [Fact]
    public void A_fragments_length_byte_is_reserved_and_not_looked_at() =>
        Walk(Packet(IpProtocol.Udp, new Extension(IpProtocol.Fragment, "ff 00 01 00 00 00 2a")))
            .ShouldBe((true, IpProtocol.Udp, 40 + 8, true));

    [Fact]
    public void A_fragment_that_is_not_the_first_holds_no_upper_layer()
    {
        (bool found, _, _, bool isFragment) = Walk(Packet(IpProtocol.Udp, _laterFragment));

        found.ShouldBeFalse();
        isFragment.ShouldBeTrue();
    }

    [Fact]
    public void As_many_as_the_bound_are_walked_and_one_more_is_refused()
    {
        Extension[] atBound = [.. Enumerable.Repeat(_routing, Ipv6Header.MaxExtensionHeaders)];

        Walk(Packet(IpProtocol.Udp, atBound))
            .ShouldBe((true, IpProtocol.Udp, 40 + (8 * Ipv6Header.MaxExtensionHeaders), false));
        Walk(Packet(IpProtocol.Udp, [.. atBound, _routing])).Found.ShouldBeFalse();
    }

    [Fact]
    public void An_extension_header_that_runs_past_the_packet_is_refused_at_every_length()
    {
        byte[] whole = Packet(IpProtocol.Udp, _hopByHop, _authentication, _destination);
        int upperLayer = whole.Length - _udp.Length;
        for (int length = Ipv6Header.Length; length <= whole.Length; length++)
        {
            byte[] packet = whole[..length];
            packet[5] = (byte)(length - Ipv6Header.Length);
            Walk(packet).Found.ShouldBe(length >= upperLayer, $"{length} bytes");
        }
    }

    [Fact]
    public void Bytes_behind_the_payload_length_are_no_extension_header()
    {
        byte[] packet = Packet(IpProtocol.Udp, _hopByHop);
        packet[5] = 0;

        Walk(packet).Found.ShouldBeFalse();
    }

    [Theory]
    [InlineData(IpProtocol.HopByHop)]
    [InlineData(IpProtocol.Routing)]
    [InlineData(IpProtocol.DestinationOptions)]
    [InlineData(IpProtocol.AuthenticationHeader)]
    public void A_length_byte_that_points_far_past_the_packet_is_refused(byte protocol) =>
        Walk(Packet(IpProtocol.Udp, new Extension(protocol, "ff 00 00 00 00 00 00"))).Found.ShouldBeFalse();

    [Fact]
    public void Any_chain_within_the_bound_leads_to_what_follows_it() =>
        Prop.ForAll(
            Gen.Elements(_hopByHop, _destination, _routing, _firstFragment, _atomicFragment, _authentication)
                .ListOf().Where(chain => chain.Count <= Ipv6Header.MaxExtensionHeaders).ToArbitrary(),
            chain =>
            {
                (bool, byte, int, bool) expected =
                    (true, IpProtocol.Icmpv6, Ipv6Header.Length + chain.Sum(
                        e => e.Length), chain.Any(e => e.IsFragment));
                Walk(Packet(IpProtocol.Icmpv6, [.. chain])).ShouldBe(expected);
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithQuietOnSuccess(true));

    private static (bool Found, byte Protocol, int Offset, bool IsFragment) Walk(byte[] packet)
    {
        Ipv6Header.TryParse(packet, out Ipv6Header header).ShouldBeTrue();
        bool found = header.TryFindUpperLayer(out byte protocol, out int offset, out bool isFragment);
        return (found, protocol, offset, isFragment);
    }

    /// <summary>A packet with those extension headers, in that order, before a UDP header's worth of bytes.</summary>
    private static byte[] Packet(byte protocol, params Extension[] extensions)
    {
        List<byte> payload = [];
        for (int i = 0; i < extensions.Length; i++)
        {
            payload.Add(i + 1 < extensions.Length ? extensions[i + 1].Protocol : protocol);
            payload.AddRange(extensions[i].Rest);
        }

        payload.AddRange(_udp);
        byte[] packet = new byte[Ipv6Header.Length + payload.Count];
        Ipv6Header.Write(
            packet, 0, 0, (ushort)payload.Count, extensions.Length > 0 ? extensions[0].Protocol : protocol, 64,
            new Ipv6Address(1), new Ipv6Address(2));
        payload.CopyTo(packet, Ipv6Header.Length);
        return packet;
    }

    private sealed record Extension(byte Protocol, string Dump)
    {
        public byte[] Rest => Hex.Bytes(Dump);

        public int Length => 1 + Rest.Length;

        public bool IsFragment => Protocol == IpProtocol.Fragment;
    }
}
