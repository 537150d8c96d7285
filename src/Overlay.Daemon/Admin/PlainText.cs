using Microsoft.AspNetCore.Http;

namespace Overlay.Daemon.Admin;

/// <summary>Answers of one line, for people.</summary>
internal static class PlainText
{
    /// <param name="status">The HTTP status.</param>
    /// <param name="text">The line, without its end.</param>
    public static IResult Answer(int status, string text) => Results.Text($"{text}\n", statusCode: status);
}
