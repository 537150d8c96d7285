using System.Text.Json;
using Overlay.Wire.Values;

namespace Overlay.Cli.Output;

/// <summary>An answer of a daemon that a screen cannot show: no JSON, or of another form than this version's.</summary>
internal static class UnreadableAnswer
{
    /// <summary>The exception is one of those by which an answer shows that it has another form.</summary>
    public static bool Is(Exception exception) =>
        exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException
            or OverflowException;

    /// <summary>The error, in one sentence.</summary>
    public static string Describe(Exception exception) =>
        "overlayd sends an answer that this overlayctl cannot read "
        + $"({ShownText.Of(exception.Message, ShownText.SentenceLength)}); compare them with: overlayctl version";
}
