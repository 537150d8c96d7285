using Overlay.Wire.Values;

namespace Overlay.Wire.Tests;

public sealed class IpPrefixTests
{
    [Theory]
    [InlineData("10.244.0.0/16", "10.244.0.0", 16, "10.244.255.255")]
    [InlineData("0.0.0.0/0", "0.0.0.0", 0, "255.255.255.255")]
    [InlineData("128.0.0.0/1", "128.0.0.0", 1, "255.255.255.255")]
    [InlineData("10.0.0.1/32", "10.0.0.1", 32, "10.0.0.1")]
    [InlineData("255.255.255.255/32", "255.255.255.255", 32, "255.255.255.255")]
    [InlineData("10.0.0.2/31", "10.0.0.2", 31, "10.0.0.3")]
    [InlineData("fd00:10:244:1::/64", "fd00:10:244:1::", 64, "fd00:10:244:1:ffff:ffff:ffff:ffff")]
    [InlineData("::/0", "::", 0, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("::1/128", "::1", 128, "::1")]
    [InlineData("fd00::2/127", "fd00::2", 127, "fd00::3")]
    [InlineData("8000::/1", "8000::", 1, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    public void A_prefix_has_a_first_and_a_last_address_and_prints_as_it_was_read(
        string text, string first, int length, string last)
    {
        IpPrefix prefix = IpPrefix.Parse(text);

        prefix.Address.ShouldBe(IpAddress.Parse(first));
        prefix.Family.ShouldBe(prefix.Address.Family);
        prefix.Length.ShouldBe(length);
        prefix.Last.ShouldBe(IpAddress.Parse(last));
        prefix.ToString().ShouldBe(text);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("10.244.0.0")]
    [InlineData("/16")]
    [InlineData("10.244.0.0/")]
    [InlineData("10.244.0.0/33")]
    [InlineData("fd00::/129")]
    [InlineData("10.244.0.0/-1")]
    [InlineData("10.244.0.0/+16")]
    [InlineData("10.244.0.0/016")]
    [InlineData("10.244.0.0/16\0")]
    [InlineData("10.244.0.0/16 ")]
    [InlineData("10.244.0.0/ 16")]
    [InlineData(" 10.244.0.0/16")]
    [InlineData("10.244.0.0 /16")]
    [InlineData("10.244.0.0/16/24")]
    [InlineData("10.244.0.0/255.255.0.0")]
    [InlineData("10.244.0.0/99999999999")]
    [InlineData("10.244/16")]
    [InlineData("[fd00::]/64")]
    [InlineData("fe80::%eth0/64")]
    // Host bits: 10.244.1.0/16 is more often a wrong length than a sloppy address.
    [InlineData("10.244.1.0/16")]
    [InlineData("10.0.0.1/31")]
    [InlineData("0.0.0.1/0")]
    [InlineData("fd00::1/64")]
    [InlineData("fd00::1/127")]
    [InlineData("::1/0")]
    public void Other_text_and_set_host_bits_are_refused(string? text)
    {
        IpPrefix.TryParse(text, out _).ShouldBeFalse();
        Should.Throw<FormatException>(() => IpPrefix.Parse(text!)).Message.ShouldContain($"'{text}'");
    }

    [Theory]
    [InlineData("10.244.1.10", 24, "10.244.1.0/24")]
    [InlineData("10.244.1.10", 0, "0.0.0.0/0")]
    [InlineData("10.244.1.10", 32, "10.244.1.10/32")]
    [InlineData("fd00:10:244:1::10", 64, "fd00:10:244:1::/64")]
    [InlineData("fd00:10:244:1::10", 0, "::/0")]
    [InlineData("fd00:10:244:1::10", 128, "fd00:10:244:1::10/128")]
    public void The_prefix_of_an_address_clears_its_host_bits(string address, int length, string expected) =>
        new IpPrefix(IpAddress.Parse(address), length).ShouldBe(IpPrefix.Parse(expected));

    [Theory]
    [InlineData("10.0.0.1", -1)]
    [InlineData("10.0.0.1", 33)]
    [InlineData("fd00::1", -1)]
    [InlineData("fd00::1", 129)]
    public void A_length_the_family_does_not_have_is_refused(string address, int length) =>
        Should.Throw<ArgumentOutOfRangeException>(() => new IpPrefix(IpAddress.Parse(address), length));

    [Theory]
    [InlineData("10.244.1.0/24", "10.244.1.0", true)]
    [InlineData("10.244.1.0/24", "10.244.1.255", true)]
    [InlineData("10.244.1.0/24", "10.244.0.255", false)]
    [InlineData("10.244.1.0/24", "10.244.2.0", false)]
    [InlineData("0.0.0.0/0", "0.0.0.0", true)]
    [InlineData("0.0.0.0/0", "255.255.255.255", true)]
    [InlineData("10.0.0.1/32", "10.0.0.1", true)]
    [InlineData("10.0.0.1/32", "10.0.0.0", false)]
    [InlineData("10.0.0.1/32", "10.0.0.2", false)]
    [InlineData("::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true)]
    [InlineData("fd00::/64", "fd00::ffff:ffff:ffff:ffff", true)]
    [InlineData("fd00::/64", "fd00:0:0:1::", false)]
    [InlineData("fd00::1/128", "fd00::1", true)]
    [InlineData("fd00::1/128", "fd00::2", false)]
    // The families share no address, not even where the numbers are the same.
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("::/0", "0.0.0.1", false)]
    [InlineData("::ffff:0:0/96", "10.0.0.1", false)]
    public void A_prefix_contains_the_addresses_from_its_first_to_its_last(
        string prefix, string address, bool contains) =>
        IpPrefix.Parse(prefix).Contains(IpAddress.Parse(address)).ShouldBe(contains);

    [Theory]
    [InlineData("10.244.0.0/16", "10.244.1.0/24", true)]
    [InlineData("10.244.0.0/16", "10.244.255.0/24", true)]
    [InlineData("10.244.0.0/16", "10.244.0.0/16", true)]
    [InlineData("10.244.0.0/16", "10.245.0.0/24", false)]
    [InlineData("10.244.0.0/16", "10.244.0.0/15", false)]
    [InlineData("10.244.1.0/24", "10.244.0.0/16", false)]
    [InlineData("0.0.0.0/0", "255.255.255.255/32", true)]
    [InlineData("10.0.0.1/32", "0.0.0.0/0", false)]
    [InlineData("::/0", "fd00::1/128", true)]
    [InlineData("fd00::1/128", "fd00::1/128", true)]
    [InlineData("::/0", "10.0.0.0/8", false)]
    [InlineData("0.0.0.0/0", "::/0", false)]
    public void A_prefix_contains_those_whose_every_address_it_contains(string outer, string inner, bool contains) =>
        IpPrefix.Parse(outer).Contains(IpPrefix.Parse(inner)).ShouldBe(contains);

    [Theory]
    [InlineData("10.244.0.0/16", "10.244.1.0/24", true)]
    [InlineData("10.244.1.0/24", "10.244.1.0/24", true)]
    [InlineData("10.244.1.0/24", "10.244.2.0/24", false)]
    [InlineData("10.244.1.0/24", "10.244.0.0/24", false)]
    [InlineData("0.0.0.0/0", "10.0.0.1/32", true)]
    [InlineData("0.0.0.0/1", "128.0.0.0/1", false)]
    [InlineData("10.0.0.1/32", "10.0.0.2/32", false)]
    [InlineData("::/0", "fd00::1/128", true)]
    [InlineData("fd00::/64", "fd00:0:0:1::/64", false)]
    [InlineData("::/0", "0.0.0.0/0", false)]
    public void Prefixes_overlap_when_one_contains_the_other_whichever_is_asked(string one, string other, bool overlaps)
    {
        IpPrefix.Parse(one).Overlaps(IpPrefix.Parse(other)).ShouldBe(overlaps);
        IpPrefix.Parse(other).Overlaps(IpPrefix.Parse(one)).ShouldBe(overlaps);
    }
}
