using FsCheck;
using FsCheck.Fluent;
using Overlay.Wire.Values;

namespace Overlay.Wire.Tests;

public sealed class IpAddressTests
{
    [Theory]
    [InlineData("0.0.0.0", 0u)]
    [InlineData("10.0.0.1", 0x0a000001u)]
    [InlineData("192.168.77.2", 0xc0a84d02u)]
    [InlineData("255.255.255.255", 0xffffffffu)]
    public void Dotted_quads_are_IPv4(string text, uint value)
    {
        IpAddress address = IpAddress.Parse(text);

        address.Family.ShouldBe(IpFamily.IPv4);
        address.Bits.ShouldBe(32);
        address.ToIpv4().Value.ShouldBe(value);
        address.ToString().ShouldBe(text);
        address.ToIpv4().ToString().ShouldBe(text);
    }

    [Theory]
    [InlineData("::", 0, 0, "::")]
    [InlineData("::1", 0, 1, "::1")]
    [InlineData("fd00:10:244:1::10", 0xfd00_0010_0244_0001, 0x10, "fd00:10:244:1::10")]
    [InlineData("FD77::A", 0xfd77_0000_0000_0000, 0xa, "fd77::a")]
    [InlineData("2001:0db8:0:0:0:0:0:1", 0x2001_0db8_0000_0000, 1, "2001:db8::1")]
    [InlineData("1:2:3:4:5:6:7:8", 0x0001_0002_0003_0004, 0x0005_0006_0007_0008, "1:2:3:4:5:6:7:8")]
    [InlineData("64:ff9b::192.0.2.33", 0x0064_ff9b_0000_0000, 0xc000_0221, "64:ff9b::c000:221")]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ulong.MaxValue, ulong.MaxValue,
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    public void RFC_4291_text_is_IPv6_and_prints_in_its_canonical_form(
        string text, ulong high, ulong low, string canonical)
    {
        IpAddress address = IpAddress.Parse(text);

        address.Family.ShouldBe(IpFamily.IPv6);
        address.Bits.ShouldBe(128);
        address.ToIpv6().Value.ShouldBe(new UInt128(high, low));
        address.ToString().ShouldBe(canonical);
        address.ToIpv6().ToString().ShouldBe(canonical);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("example.org")]
    // Short forms and other bases, which inet_aton and IPAddress take.
    [InlineData("10")]
    [InlineData("10.1")]
    [InlineData("10.0.1")]
    [InlineData("167772161")]
    [InlineData("0x0a000001")]
    [InlineData("0xa.0.0.1")]
    // Leading zeros: octal to some readers, decimal to others.
    [InlineData("010.0.0.1")]
    [InlineData("10.0.0.01")]
    [InlineData("::ffff:010.0.0.1")]
    [InlineData("00001::")]
    [InlineData("10.0.0.256")]
    [InlineData("10.0.0.1.2")]
    [InlineData("10.0.0.-1")]
    [InlineData("10.0.0.1:80")]
    [InlineData(" 10.0.0.1")]
    [InlineData("10.0.0.1 ")]
    [InlineData("10.0.0.1\n")]
    [InlineData("10.0.0.1\0")]
    [InlineData("10.0.0.1/32")]
    [InlineData(" ::1")]
    [InlineData("::1 ")]
    [InlineData("::1\0")]
    [InlineData("::1/128")]
    // A zone means something on one node only.
    [InlineData("fe80::1%eth0")]
    [InlineData("fe80::1%2")]
    [InlineData("::1%")]
    [InlineData("[::1]")]
    [InlineData("[::1]:8472")]
    [InlineData("::1]")]
    [InlineData("1::2::3")]
    [InlineData("1:2:3:4:5:6:7")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("12345::")]
    [InlineData("::g")]
    [InlineData(":")]
    [InlineData("1:")]
    public void Other_text_is_refused(string? text)
    {
        IpAddress.TryParse(text, out IpAddress address).ShouldBeFalse();
        address.ShouldBe(default);
        Should.Throw<FormatException>(() => IpAddress.Parse(text!)).Message.ShouldContain($"'{text}'");
    }

    [Fact]
    public void An_IPv4_mapped_address_stays_IPv6_and_equals_no_IPv4_address()
    {
        // Where a dual-stack socket maps an address, that socket's code has to undo it: a table that took both
        // spellings for one address would have two keys, or two owners, for it.
        IpAddress mapped = IpAddress.Parse("::ffff:10.0.0.1");

        mapped.Family.ShouldBe(IpFamily.IPv6);
        mapped.ToString().ShouldBe("::ffff:10.0.0.1");
        mapped.ShouldNotBe(IpAddress.Parse("10.0.0.1"));
    }

    [Fact]
    public void Addresses_of_two_families_with_one_value_differ() =>
        ((IpAddress)new Ipv4Address(1)).ShouldNotBe((IpAddress)new Ipv6Address(1));

    [Fact]
    public void Any_address_survives_text_and_the_wire() =>
        Prop.ForAll(Addresses.ToArbitrary(), address =>
        {
            byte[] wire = new byte[16];
            int written = address.Write(wire);
            return written * 8 == address.Bits
                && IpAddress.Read(wire.AsSpan(0, written)) == address
                && IpAddress.Parse(address.ToString()) == address
                && System.Net.IPAddress.Parse(address.ToString())
                    .GetAddressBytes().AsSpan().SequenceEqual(wire.AsSpan(0, written));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000).WithQuietOnSuccess(true));

    [Theory]
    [InlineData("10.0.0.1", "0a 00 00 01 a5")]
    [InlineData("fd00:10:244:1::10", "fd 00 00 10 02 44 00 01 00 00 00 00 00 00 00 10 a5")]
    public void Writing_fills_the_familys_bytes_in_wire_order_and_no_more(string text, string expected)
    {
        byte[] buffer = Hex.Bytes(expected);
        Array.Fill(buffer, (byte)0xa5);

        IpAddress.Parse(text).Write(buffer).ShouldBe(buffer.Length - 1);

        buffer.ShouldBe(Hex.Bytes(expected));
        byte[] tooShort = new byte[buffer.Length - 2];
        Should.Throw<ArgumentOutOfRangeException>(() => IpAddress.Parse(text).Write(tooShort));
    }

    [Fact]
    public void Only_4_or_16_bytes_are_an_address()
    {
        for (int length = 0; length <= 20; length++)
        {
            byte[] bytes = new byte[length];
            if (length is 4 or 16) IpAddress.Read(bytes).Bits.ShouldBe(8 * length);
            else Should.Throw<ArgumentException>(() => IpAddress.Read(bytes));
        }
    }

    [Theory]
    [InlineData("10.0.0.255", 1, "10.0.1.0")]
    [InlineData("255.255.255.255", 1, "0.0.0.0")]
    [InlineData("255.255.255.255", uint.MaxValue, "255.255.255.254")]
    [InlineData("fd00::ffff:ffff", 1, "fd00::1:0:0")]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2, "::1")]
    public void Adding_carries_and_wraps_at_the_familys_end(string text, uint offset, string expected) =>
        IpAddress.Parse(text).Add(offset).ShouldBe(IpAddress.Parse(expected));

    [Fact]
    public void An_address_of_the_other_family_is_refused_by_name()
    {
        Should.Throw<InvalidOperationException>(
            () => IpAddress.Parse("fd00::1").ToIpv4()).Message.ShouldContain("fd00::1");
        Should.Throw<InvalidOperationException>(
            () => IpAddress.Parse("10.0.0.1").ToIpv6()).Message.ShouldContain("10.0.0.1");
    }

    [Fact]
    public void The_default_value_is_of_no_family_equals_no_address_and_prints_nevertheless()
    {
        // It is what a failed TryParse hands out, and so what a careless message may print.
        IpAddress none = default;

        none.ToString().ShouldBe("::");
        none.ShouldNotBe(IpAddress.Parse("::"));
        none.ShouldNotBe(IpAddress.Parse("0.0.0.0"));
        Should.Throw<InvalidOperationException>(() => none.ToIpv4());
        Should.Throw<InvalidOperationException>(() => none.ToIpv6());
    }

    [Fact]
    public void Addresses_of_one_family_compare_as_numbers()
    {
        ShouldOrder(new Ipv4Address(0x7fffffff), new Ipv4Address(0x80000000));
        ShouldOrder(new Ipv6Address(UInt128.MaxValue >> 1), new Ipv6Address((UInt128.MaxValue >> 1) + 1));
    }

    private static Gen<IpAddress> Addresses =>
        Gen.Choose(int.MinValue, int.MaxValue).Four().Zip(Gen.Elements(0u, 0xffffu, uint.MaxValue)).Select(sample =>
        {
            ((int a, int b, int c, int d), uint mask) = sample;
            // The mask makes runs of zeros, which text shortens; the lowest bit chooses the family.
            return (d & 1) == 0
                ? (IpAddress)new Ipv4Address((uint)a)
                : new Ipv6Address(new UInt128(Join((uint)a & mask, (uint)b & mask), Join((uint)c & mask, (uint)d)));

            static ulong Join(uint high, uint low) => ((ulong)high << 32) | low;
        });

    private static void ShouldOrder<T>(T low, T high)
        where T : System.Numerics.IComparisonOperators<T, T, bool>
    {
        T same = low;
        (low < high, low <= high, low > high, low >= high).ShouldBe((true, true, false, false));
        (high < low, high <= low, high > low, high >= low).ShouldBe((false, false, true, true));
        (low < same, low <= same, low > same, low >= same).ShouldBe((false, true, false, true));
    }
}
