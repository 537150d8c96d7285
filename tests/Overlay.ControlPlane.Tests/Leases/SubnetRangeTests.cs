using FsCheck;
using FsCheck.Fluent;
using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public class SubnetRangeTests
{
    private static readonly SubnetRange _range = new(IpPrefix.Parse("10.244.1.0/24"), IpPrefix.Parse("10.244.4.0/24"));

    [Fact]
    public void AllAreFreeWhereNothingIsTaken() => Free().ShouldBe(["10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24", "10.244.4.0/24"]);

    [Theory]
    [InlineData("10.244.2.0/24", "10.244.1.0/24 10.244.3.0/24 10.244.4.0/24")]
    [InlineData("10.244.2.128/26", "10.244.1.0/24 10.244.3.0/24 10.244.4.0/24")]
    [InlineData("10.244.2.0/23", "10.244.1.0/24 10.244.4.0/24")]
    [InlineData("10.244.0.0/16", "")]
    [InlineData("10.244.0.0/22 10.244.2.0/24", "10.244.4.0/24")]
    [InlineData("10.244.4.0/24 10.244.1.0/24 10.9.0.0/16 fd00::/8", "10.244.2.0/24 10.244.3.0/24")]
    public void WhatOverlapsIsNotFree(string taken, string free) =>
        string.Join(' ', Free(taken.Split(' '))).ShouldBe(free);

    [Fact]
    public void AHugeRangeIsWalkedOnlyAsFarAsNeeded()
    {
        SubnetRange wide = new(IpPrefix.Parse("fd00::1:0/112"), IpPrefix.Parse("fd00:0:0:ffff:ffff:ffff:ffff:0/112"));
        wide.Free([IpPrefix.Parse("fd00::/49")]).First().ShouldBe(IpPrefix.Parse("fd00:0:0:8000::/112"));
        wide.Count.ShouldBe((UInt128.One << 64) - 1);
    }

    [Fact]
    public void ItEndsAtTheEndOfTheAddressSpace() =>
        new SubnetRange(IpPrefix.Parse("255.255.254.0/24"), IpPrefix.Parse("255.255.255.0/24")).Free([]).Count().ShouldBe(2);

    [Fact]
    public void FreeIsWhatOverlapsNothing() => Check.One(
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

    private static IEnumerable<string> Free(params string[] taken) => _range.Free(taken.Select(IpPrefix.Parse)).Select(static prefix => prefix.ToString());
}
