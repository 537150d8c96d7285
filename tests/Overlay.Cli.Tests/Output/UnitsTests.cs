using Overlay.Cli.Output;

namespace Overlay.Cli.Tests;

public sealed class UnitsTests
{
    [Theory]
    [InlineData(0, "0 bit/s")]
    [InlineData(7, "7 bit/s")]
    [InlineData(0.25, "0.25 bit/s")]
    [InlineData(12.34, "12.3 bit/s")]
    [InlineData(999.4, "999 bit/s")]
    [InlineData(999.6, "1 kbit/s")]
    [InlineData(1250, "1.25 kbit/s")]
    [InlineData(9_994_000, "9.99 Mbit/s")]
    [InlineData(1e10, "10 Gbit/s")]
    [InlineData(1.5e15, "1500 Tbit/s")]
    public void A_rate_has_at_most_three_digits(double rate, string text) => Units.Of(rate, "bit/s").ShouldBe(text);

    [Theory]
    [InlineData(-3, "0 s")]
    [InlineData(119, "119 s")]
    [InlineData(120, "2 min")]
    [InlineData(7200, "2 h")]
    [InlineData(172_800, "2 days")]
    public void A_duration_has_its_largest_unit(int seconds, string text) =>
        Units.Of(TimeSpan.FromSeconds(seconds)).ShouldBe(text);
}
