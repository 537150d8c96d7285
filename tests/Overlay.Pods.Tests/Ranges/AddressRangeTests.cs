using Overlay.Pods.Ranges;
using Overlay.Wire.Values;

namespace Overlay.Pods.Tests;

public sealed class AddressRangeTests
{
    [Theory]
    [InlineData("10.244.1.0/24", "10.244.1.1", "10.244.1.254", "10.244.1.1", 253)]
    [InlineData("10.244.1.0/30", "10.244.1.1", "10.244.1.2", "10.244.1.1", 1)]
    [InlineData("fd00:1::/124", "fd00:1::1", "fd00:1::f", "fd00:1::1", 14)]
    public void The_defaults_are_those_of_host_local(string subnet, string start, string end, string gateway, int count)
    {
        AddressRange range = new(IpPrefix.Parse(subnet));
        range.Start.ShouldBe(IpAddress.Parse(start));
        range.End.ShouldBe(IpAddress.Parse(end));
        range.Gateway.ShouldBe(IpAddress.Parse(gateway));
        range.Count.ShouldBe((UInt128)count);
    }

    [Theory]
    [InlineData("10.244.1.0/31", null, null, null, "too small")]
    [InlineData("10.244.1.0/24", "10.244.2.1", null, null, "rangeStart 10.244.2.1 is not in subnet 10.244.1.0/24")]
    [InlineData("10.244.1.0/24", null, "fd00::1", null, "rangeEnd fd00::1 is not in subnet 10.244.1.0/24")]
    [InlineData(
        "10.244.1.0/24", "10.244.1.9", "10.244.1.8", null, "rangeStart 10.244.1.9 comes after rangeEnd 10.244.1.8")]
    [InlineData("10.244.1.0/24", null, null, "fd00::1", "another family")]
    public void What_makes_no_range_is_named(
        string subnet, string? start, string? end, string? gateway, string message) =>
        Should.Throw<FormatException>(
            () => new AddressRange(IpPrefix.Parse(subnet), Parse(start), Parse(end), Parse(gateway)))
            .Message.ShouldContain(message);

    [Fact]
    public void Ranges_of_a_set_are_of_one_family_and_share_nothing()
    {
        AddressRange all = new(IpPrefix.Parse("10.1.0.0/24"));
        AddressRange part =
            new(IpPrefix.Parse("10.1.0.0/24"), IpAddress.Parse("10.1.0.9"), IpAddress.Parse("10.1.0.10"));
        Should.Throw<FormatException>(() => new RangeSet([all, part])).Message.ShouldContain("overlap");
        Should.Throw<FormatException>(
            () => new RangeSet([all, new(IpPrefix.Parse("fd00::/64"))])).Message.ShouldContain("two families");
        Should.Throw<FormatException>(() => new RangeSet([])).Message.ShouldContain("empty");
    }

    private static IpAddress? Parse(string? text) => text is null ? null : IpAddress.Parse(text);
}
