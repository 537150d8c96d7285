using FsCheck;
using FsCheck.Fluent;
using Overlay.Cni.Wiring;
using Overlay.Wire.Values;

namespace Overlay.Cni.Tests;

public sealed class StableMacTests
{
    private static readonly Config _config = Config.QuickThrowOnFailure.WithMaxTest(5000);

    [Theory]
    [InlineData("10.244.1.2", "0a:58:0a:f4:01:02")]
    [InlineData("255.255.255.255", "0a:58:ff:ff:ff:ff")]
    public void An_IPv4_address_stands_in_its_MAC(string address, string mac) =>
        StableMac.Of(IpAddress.Parse(address), IpAddress.Parse("10.244.1.1")).ToString().ShouldBe(mac);

    [Theory]
    [InlineData("fd00::1:0:1")]
    [InlineData("fd00::100:0:1")]
    [InlineData("fd00::1:0:0:1")]
    [InlineData("fd00::1:0:0:0:1")]
    public void An_address_with_the_gateways_last_bits_has_another_MAC(string address)
    {
        IpAddress gateway = IpAddress.Parse("fd00::1");
        StableMac.Of(IpAddress.Parse(address), gateway).ShouldNotBe(StableMac.Of(gateway));
    }

    [Fact]
    public void No_pods_MAC_is_that_of_its_gateways_bridge() => Check.One(_config, Prop.ForAll(
        Pairs().ToArbitrary(),
        static pair =>
        {
            (IpAddress pod, IpAddress gateway) = (Address(pair.Item1), Address(pair.Item2));
            MacAddress mac = StableMac.Of(pod, gateway);
            mac.IsMulticast.ShouldBeFalse();
            (mac.Value & 0x0200_0000_0000).ShouldNotBe(0UL);
            StableMac.Of(pod, gateway).ShouldBe(mac);
            if (pod != gateway) mac.ShouldNotBe(StableMac.Of(gateway));
        }));

    [Fact]
    public void Addresses_that_differ_in_their_last_forty_bits_alone_have_different_MACs() => Check.One(
        _config, Prop.ForAll(Pairs().ToArbitrary(), static pair =>
        {
            const ulong last = 0xff_ffff_ffff;
            UInt128 other = (pair.Item1 & ~(UInt128)last) | (pair.Item2 & last);
            (StableMac.Of(Address(pair.Item1)) == StableMac.Of(Address(other))).ShouldBe(other == pair.Item1);
        }));

    // Near and far from each other: one, two or any number of bits differ.
    private static Gen<(UInt128, UInt128)> Pairs() =>
        from high in ArbMap.Default.ArbFor<ulong>().Generator
        from low in ArbMap.Default.ArbFor<ulong>().Generator
        from bits in Gen.Choose(0, 127).ListOf(2)
        from far in ArbMap.Default.ArbFor<ulong>().Generator
        from isFar in ArbMap.Default.ArbFor<bool>().Generator
        let one = new UInt128(high, low)
        let near = bits.Aggregate(one, static (value, bit) => value ^ (UInt128.One << bit))
        select (one, isFar ? new UInt128(high, far) : near);

    private static IpAddress Address(UInt128 value) => new Ipv6Address(value);
}
