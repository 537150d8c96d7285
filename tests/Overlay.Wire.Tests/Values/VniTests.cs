using Overlay.Wire.Values;

namespace Overlay.Wire.Tests;

public sealed class VniTests
{
    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(0xff_ffffu)]
    public void Values_of_24_bits_are_taken(uint value)
    {
        new Vni(value).Value.ShouldBe(value);
        new Vni(value).ShouldBe(new Vni(value));
    }

    [Theory]
    [InlineData(0x100_0000u)]
    [InlineData(uint.MaxValue)]
    public void Larger_values_are_refused(uint value) =>
        Should.Throw<ArgumentOutOfRangeException>(() => new Vni(value)).ActualValue.ShouldBe(value);

    [Fact]
    public void The_largest_is_2_to_the_24_less_1() => Vni.Max.ShouldBe(16_777_215u);

    [Fact]
    public void It_prints_as_a_plain_number() => new Vni(16_777_215).ToString().ShouldBe("16777215");
}
