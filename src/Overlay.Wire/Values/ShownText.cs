namespace Overlay.Wire.Values;

/// <summary>Text of others in a message: one line, without control characters, and cut short.</summary>
/// <remarks>
/// A store, a peer or a file may have anything in it; a log, a terminal and an error get no line and no colour of
/// theirs.
/// </remarks>
public static class ShownText
{
    /// <summary>Characters of a value that are enough to find it by.</summary>
    public const int ValueLength = 64;

    /// <summary>Characters of a sentence that shows a value itself, as a parser's does.</summary>
    public const int SentenceLength = 512;

    /// <summary>The text as it is shown.</summary>
    /// <param name="text">Anything.</param>
    /// <param name="longest">Most characters; a longer text ends in <c>…</c> behind them.</param>
    public static string Of(string text, int longest = ValueLength)
    {
        string shown = text.Length <= longest ? text : string.Concat(text.AsSpan(0, longest), "…");
        return string.Create(shown.Length, shown, static (span, text) =>
        {
            for (int i = 0; i < span.Length; i++) span[i] = char.IsControl(text[i]) ? ' ' : text[i];
        });
    }
}
