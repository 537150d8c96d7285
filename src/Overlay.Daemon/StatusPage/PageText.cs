using System.Security.Cryptography;
using System.Text;

namespace Overlay.Daemon.StatusPage;

/// <summary>
/// The status page as one file that asks for no other: <c>page.html</c> with <c>page.css</c> and <c>page.js</c> in it.
/// </summary>
/// <param name="Html">The file, in UTF-8.</param>
/// <param name="Policy">
/// Its Content-Security-Policy (W3C CSP Level 3): that style and that script alone, and connections to this daemon.
/// </param>
internal sealed record PageText(ReadOnlyMemory<byte> Html, string Policy)
{
    /// <summary>Reads the parts, which are in this assembly.</summary>
    public static PageText Load()
    {
        string style = Part("page.css");
        string script = Part("page.js");
        string html = Part("page.html").Replace("{{page.css}}", style, StringComparison.Ordinal)
            .Replace("{{page.js}}", script, StringComparison.Ordinal);
        return new(
            Encoding.UTF8.GetBytes(html),
            $"default-src 'none'; style-src {HashOf(style)}; script-src {HashOf(script)}; connect-src 'self'; "
            + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    }

    private static string Part(string name)
    {
        using Stream stream = typeof(PageText).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"overlayd has been built without {name}");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static string HashOf(string text) =>
        $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}'";
}
