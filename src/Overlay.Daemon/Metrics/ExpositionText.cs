namespace Overlay.Daemon.Metrics;

/// <summary>The text of an exposition.</summary>
internal static class ExpositionText
{
    /// <summary>
    /// Removes the braces of series without labels, in place: the exporter writes <c>overlay_ready{} 1</c>, and programs
    /// that search the text know <c>overlay_ready 1</c>.
    /// </summary>
    /// <returns>The length of the text that is left.</returns>
    public static int RemoveEmptyBraces(Span<byte> text)
    {
        int length = 0;
        bool isName = true;
        for (int i = 0; i < text.Length; i++)
        {
            byte next = text[i];
            if (isName && text[i..].StartsWith("{} "u8)) i++;
            else text[length++] = next;
            isName = next == '\n' || (isName && next is not ((byte)'{' or (byte)' '));
        }

        return length;
    }
}
