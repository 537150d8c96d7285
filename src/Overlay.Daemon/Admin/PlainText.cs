using Microsoft.AspNetCore.Http;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Admin;

/// <summary>Answers of one line, for people.</summary>
internal static class PlainText
{
    // Lists of nodes are cut before; a client that asks for pages of text gets no page of it back.
    private const int Longest = 1024;

    /// <param name="status">The HTTP status.</param>
    /// <param name="text">The line, without its end; shows what the client has asked for.</param>
    public static IResult Answer(int status, string text) =>
        Results.Text($"{ShownText.Of(text, Longest)}\n", statusCode: status);
}
