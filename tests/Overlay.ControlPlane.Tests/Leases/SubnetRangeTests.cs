using FsCheck;
using FsCheck.Fluent;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public class SubnetRangeTests
{
    private static readonly SubnetRange _range = new(IpPrefix.Parse("10.244.1.0/24"), IpPrefix.Parse("10.244.4.0/24"));

    [Fact]
    public void All_are_free_where_nothing_is_taken() =>
        Free().ShouldBe(["10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24", "10.244.4.0/24"]);

    [Theory]
    [InlineData("10.244.2.0/24", "10.244.1.0/24 10.244.3.0/24 10.244.4.0/24")]
    [InlineData("10.244.2.128/26", "10.244.1.0/24 10.244.3.0/24 10.244.4.0/24")]
    [InlineData("10.244.2.0/23", "10.244.1.0/24 10.244.4.0/24")]
    [InlineData("10.244.0.0/16", "")]
    [InlineData("10.244.0.0/22 10.244.2.0/24", "10.244.4.0/24")]
    [InlineData("10.244.4.0/24 10.244.1.0/24 10.9.0.0/16 fd00::/8", "10.244.2.0/24 10.244.3.0/24")]
    public void What_overlaps_is_not_free(string taken, string free) =>
        string.Join(' ', Free(taken.Split(' '))).ShouldBe(free);

    [Fact]
    public void A_huge_range_is_walked_only_as_far_as_needed()
    {
        SubnetRange wide = new(IpPrefix.Parse("fd00::1:0/112"), IpPrefix.Parse("fd00:0:0:ffff:ffff:ffff:ffff:0/112"));
        wide.Free([IpPrefix.Parse("fd00::/49")]).First().ShouldBe(IpPrefix.Parse("fd00:0:0:8000::/112"));
        wide.Count.ShouldBe((UInt128.One << 64) - 1);
    }

    [Fact]
    public void It_ends_at_the_end_of_the_address_space() =>
        new SubnetRange(IpPrefix.Parse("255.255.254.0/24"), IpPrefix.Parse("255.255.255.0/24"))
            .Free([]).Count().ShouldBe(2);

    [Fact]
    public void Free_is_what_overlaps_nothing() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2000),
        Prop.ForAll(
            Gen.Choose(18, 30).SelectMany(static length => Gen.Choose(0, 1023).Select(value =>
                new IpPrefix(new Ipv4Address(0x0af40000u + (uint)value), length))).ArrayOf().ToArbitrary(),
            static taken =>
            {
                SubnetRange range = new(IpPrefix.Parse("10.244.0.0/27"), IpPrefix.Parse("10.244.3.224/27"));
                IpPrefix[] all = [.. range.Free([])];
                return all.Length == 32 && range.Free(taken).SequenceEqual(all.Where(one => !taken.Any(one.Overlaps)));
            }));

    private static IEnumerable<string> Free(params string[] taken) =>
        _range.Free(taken.Select(IpPrefix.Parse)).Select(static prefix => prefix.ToString());
}
