using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public class OverlayMtuTests
{
    private static readonly Ipv4Address _ipv4 = IpAddress.Parse("192.0.2.1").ToIpv4();
    private static readonly Ipv6Address _ipv6 = IpAddress.Parse("2001:db8::1").ToIpv6();

    [Theory]
    [InlineData(true, false, 1450, 1450)]
    [InlineData(false, true, 1430, 1430)]
    [InlineData(true, true, 1450, 1430)]
    public void Each_family_has_what_the_underlay_that_carries_it_leaves(bool hasIpv4, bool hasIpv6, int ipv4, int ipv6)
    {
        OverlayMtu mtu = OverlayMtu.For(TestOptions.With(TestOptions.DualStack), Underlay(1500, hasIpv4, hasIpv6));
        mtu.ShouldBe(new OverlayMtu(ipv4, ipv6));
        mtu.Device.ShouldBe(Math.Max(ipv4, ipv6));
        mtu.Pod.ShouldBe(Math.Min(ipv4, ipv6));
    }

    [Fact]
    public void A_family_without_pods_counts_for_nothing()
    {
        OverlayMtu mtu = OverlayMtu.For(TestOptions.With(), Underlay(9000, true, false));
        mtu.ShouldBe(new OverlayMtu(8950, 0));
        mtu.Pod.ShouldBe(8950);
    }

    [Fact]
    public void A_configured_mtu_is_taken_if_it_fits_and_refused_by_name_if_not()
    {
        OverlayMtu.For(TestOptions.With(("Network:Mtu", "1400")), Underlay(1500, true, false)).Pod.ShouldBe(1400);
        ConfigurationException refused = Should.Throw<ConfigurationException>(
            () => OverlayMtu.For(TestOptions.With(("Network:Mtu", "1451")), Underlay(1500, true, false)));
        refused.Message.ShouldBe(
            "Overlay:Network:Mtu '1451' does not fit eth0, whose MTU 1500 leaves 1450 bytes for IPv4 pods; example: "
            + "1450");
    }

    [Fact]
    public void An_underlay_that_leaves_ipv6_too_little_is_refused() =>
        Should.Throw<ConfigurationException>(
            () => OverlayMtu.For(
                TestOptions.With(TestOptions.DualStack), Underlay(1300, true, true))).Message.ShouldContain("1230");

    private static UnderlayInterface Underlay(int mtu, bool hasIpv4, bool hasIpv6) =>
        new(new LinkInfo(2, "eth0", mtu, true, ""), hasIpv4 ? _ipv4 : null, hasIpv6 ? _ipv6 : null, []);
}
