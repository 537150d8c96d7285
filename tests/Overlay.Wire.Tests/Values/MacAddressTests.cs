using FsCheck;
using FsCheck.Fluent;
using Overlay.Wire.Values;

namespace Overlay.Wire.Tests;

public sealed class MacAddressTests
{
    private const ulong GroupBit = 0x0100_0000_0000;
    private const ulong LocalBit = 0x0200_0000_0000;

    [Fact]
    public void The_first_byte_on_the_wire_is_the_highest_and_the_first_in_text()
    {
        byte[] wire = Hex.Bytes("3a 74 bf 96 92 d9");

        MacAddress.Read(wire).Value.ShouldBe(0x3a74bf9692d9ul);
        MacAddress.Read(wire).ToString().ShouldBe("3a:74:bf:96:92:d9");
        MacAddress.Parse("3a:74:bf:96:92:d9").Value.ShouldBe(0x3a74bf9692d9ul);
    }

    [Fact]
    public void Writing_fills_six_bytes_and_no_more()
    {
        byte[] buffer = new byte[8];
        Array.Fill(buffer, (byte)0xa5);

        MacAddress.Parse("3a:74:bf:96:92:d9").Write(buffer);

        buffer.ShouldBe(Hex.Bytes("3a 74 bf 96 92 d9 a5 a5"));
    }

    [Fact]
    public void Fewer_than_six_bytes_are_refused()
    {
        for (int length = 0; length < MacAddress.Length; length++)
        {
            byte[] bytes = new byte[length];
            Should.Throw<ArgumentOutOfRangeException>(() => MacAddress.Read(bytes));
            Should.Throw<ArgumentOutOfRangeException>(() => default(MacAddress).Write(bytes));
        }
    }

    [Fact]
    public void Any_address_survives_text_in_either_case_and_the_wire() =>
        ForAll(address =>
        {
            byte[] wire = new byte[MacAddress.Length];
            address.Write(wire);
            return MacAddress.Parse(address.ToString()) == address
                && MacAddress.Parse(address.ToString().ToUpperInvariant()) == address
                && MacAddress.Read(wire) == address;
        });

    [Theory]
    [InlineData("3a:74:bf:96:92:d9")]
    [InlineData("3A-74-BF-96-92-D9")]
    [InlineData("3a-74-bf-96-92-d9")]
    [InlineData("3a74.bf96.92d9")]
    [InlineData("3A74.BF96.92d9")]
    public void Every_form_that_flannel_reads_is_read(string text) =>
        MacAddress.Parse(text).Value.ShouldBe(0x3a74bf9692d9ul);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("02:00:00:00:00")]
    [InlineData("02:00:00:00:00:0a:0b")]
    [InlineData("2:0:0:0:0:a")]
    [InlineData("02-00-00-00-00:0a")]
    [InlineData("02:00:00-00:00:0a")]
    [InlineData("02.00.00.00.00.0a")]
    [InlineData("0200:0000:000a")]
    [InlineData("0200-0000-000a")]
    [InlineData("0200.0000.00 a")]
    [InlineData("0200.0000.0000.000a")]
    [InlineData("02-00-00-ff-fe-00-00-0a")]
    [InlineData("02000000000a")]
    [InlineData("02:00:00:00:00:0g")]
    [InlineData("02:00:00:00:00: a")]
    [InlineData("02:00:00:00:00:a ")]
    [InlineData("02:00:00:00:00:a\0")]
    [InlineData("02:00:00:00:00:+a")]
    [InlineData("02:00:00:00:000a:")]
    [InlineData(" 02:00:00:00:00:0a")]
    [InlineData("02:00:00:00:00:0a\n")]
    public void Other_text_is_refused(string? text)
    {
        MacAddress.TryParse(text, out MacAddress address).ShouldBeFalse();
        address.ShouldBe(default);
        Should.Throw<FormatException>(() => MacAddress.Parse(text!)).Message.ShouldContain($"'{text}'");
    }

    [Theory]
    [InlineData("ff:ff:ff:ff:ff:ff", true)]
    [InlineData("01:00:5e:00:00:16", true)]
    [InlineData("33:33:00:00:00:01", true)]
    [InlineData("02:00:00:00:00:01", false)]
    [InlineData("fe:ff:ff:ff:ff:ff", false)]
    [InlineData("00:00:00:00:00:00", false)]
    public void The_group_bit_makes_a_multicast_address(string text, bool isMulticast) =>
        MacAddress.Parse(text).IsMulticast.ShouldBe(isMulticast);

    [Fact]
    public void Only_the_address_of_all_zeros_is_zero()
    {
        MacAddress.Parse("00:00:00:00:00:00").IsZero.ShouldBeTrue();
        MacAddress.Parse("00:00:00:00:00:01").IsZero.ShouldBeFalse();
        MacAddress.Parse("01:00:00:00:00:00").IsZero.ShouldBeFalse();
    }

    [Fact]
    public void An_address_of_random_bytes_is_unicast_and_local_and_keeps_the_other_46_bits() =>
        ForAll(random =>
        {
            byte[] bytes = new byte[MacAddress.Length];
            random.Write(bytes);
            MacAddress address = MacAddress.FromRandom(bytes);
            return !address.IsMulticast
                && (address.Value & LocalBit) != 0
                && ((address.Value ^ random.Value) & ~(GroupBit | LocalBit)) == 0;
        });

    private static void ForAll(Func<MacAddress, bool> holds)
    {
        Gen<MacAddress> any =
            from high in Gen.Choose(0, 0xff_ffff)
            from low in Gen.Choose(0, 0xff_ffff)
            select new MacAddress(((ulong)high << 24) | (uint)low);
        Prop.ForAll(any.ToArbitrary(), holds)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithQuietOnSuccess(true));
    }
}
