using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Overlay.ControlPlane.Sources.Proxies;

/// <summary>A proxy for HTTP requests. Immutable.</summary>
/// <param name="Address">Its URL, without user and password.</param>
/// <param name="Credential">What a proxy that asks is shown; null for nothing.</param>
internal sealed record ProxyServer(Uri Address, NetworkCredential? Credential)
{
    /// <summary>A right value, for errors.</summary>
    public const string Example = "http://proxy.example.com:3128";

    private const int SocksPort = 1080;

    /// <summary>Reads a URL of scheme http, https or socks5; a scheme that is missing is http, as in Go.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ProxyServer? server)
    {
        server = null;
        string url = text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) || parsed.Host.Length == 0) return false;

        // A SOCKS proxy resolves the name in either case, as curl's socks5h asks for.
        string scheme = parsed.Scheme is "socks5h" ? "socks5" : parsed.Scheme;
        if (scheme is not ("http" or "https" or "socks5")) return false;
        int port = parsed.Port > 0 ? parsed.Port : SocksPort;
        server = new(new UriBuilder(scheme, parsed.Host, port).Uri, CredentialOf(parsed.UserInfo));
        return true;
    }

    /// <summary>A proxy's URL in the words of an error: without what may be a password in it.</summary>
    public static string Shown(string text) => text[(text.LastIndexOf('@') + 1)..];

    public override string ToString() => Address.GetLeftPart(UriPartial.Authority);

    private static NetworkCredential? CredentialOf(string userInfo)
    {
        if (userInfo.Length == 0) return null;
        string[] parts = userInfo.Split(':', 2);
        return new(Uri.UnescapeDataString(parts[0]), parts.Length < 2 ? "" : Uri.UnescapeDataString(parts[1]));
    }
}
