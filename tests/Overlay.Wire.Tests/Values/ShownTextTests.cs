using Overlay.Wire.Values;

namespace Overlay.Wire.Tests;

public class ShownTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("10.244.1.0/24", "10.244.1.0/24")]
    [InlineData("a\u001b[31m\r\nb\0\u009b", "a [31m  b  ")]
    public void Control_characters_become_blanks(string text, string shown) => ShownText.Of(text).ShouldBe(shown);

    [Theory]
    [InlineData(64, 64)]
    [InlineData(65, 65)]
    [InlineData(1000, 65)]
    public void A_long_text_is_cut_and_says_so(int length, int shown)
    {
        string text = ShownText.Of(new string('a', length));
        text.Length.ShouldBe(shown);
        text.EndsWith('…').ShouldBe(length > ShownText.ValueLength);
    }
}
