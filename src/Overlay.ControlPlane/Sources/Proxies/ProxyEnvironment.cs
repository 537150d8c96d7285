using System.Net;

namespace Overlay.ControlPlane.Sources.Proxies;

/// <summary>
/// The proxies that environment variables name, read as Go programs read them. Immutable, thread-safe.
/// </summary>
/// <remarks>
/// HTTPS_PROXY for https, HTTP_PROXY for http, except for NO_PROXY; each also in lower case. The store's own clients
/// are Go programs, so one environment means the same to them and to this daemon. .NET's own reading differs: it knows
/// no prefixes in NO_PROXY, and sends requests to a node's own addresses by way of the proxy.
/// </remarks>
internal sealed class ProxyEnvironment : IWebProxy, ICredentials
{
    private readonly ProxyServer? _http;
    private readonly ProxyServer? _https;
    private readonly ProxyExceptions _exceptions;

    private ProxyEnvironment(Func<string, string?> environment)
    {
        _http = Read(environment, "HTTP_PROXY");
        _https = Read(environment, "HTTPS_PROXY");
        _exceptions = new(Find(environment, "NO_PROXY").Value);
    }

    /// <summary>Proxies are shown what their own URL has.</summary>
    public ICredentials? Credentials
    {
        get => this;
        set => throw new NotSupportedException("a proxy's credentials are those in its URL");
    }

    /// <param name="environment">Gives variables.</param>
    /// <exception cref="InvalidDataException">
    /// A variable is no proxy's URL; the message names variable, value and an example.
    /// </exception>
    public static ProxyEnvironment Of(Func<string, string?> environment) => new(environment);

    /// <summary>The proxy for that destination; null for none.</summary>
    public Uri? GetProxy(Uri destination) => ServerFor(destination)?.Address;

    public bool IsBypassed(Uri host) => ServerFor(host) is null;

    NetworkCredential? ICredentials.GetCredential(Uri uri, string authType) =>
        uri == _https?.Address ? _https.Credential : uri == _http?.Address ? _http.Credential : null;

    private ProxyServer? ServerFor(Uri destination)
    {
        ProxyServer? server = destination.Scheme == Uri.UriSchemeHttps ? _https
            : destination.Scheme == Uri.UriSchemeHttp ? _http
            : null;
        return server is null || _exceptions.Has(destination) ? null : server;
    }

    private static ProxyServer? Read(Func<string, string?> environment, string name)
    {
        (string found, string? value) = Find(environment, name);
        if (value is null) return null;
        return ProxyServer.TryParse(value, out ProxyServer? server)
            ? server
            : throw new InvalidDataException(
                $"environment variable {found} is \"{ProxyServer.Shown(value)}\", not a proxy's URL such as "
                + ProxyServer.Example);
    }

    private static (string Name, string? Value) Find(Func<string, string?> environment, string name)
    {
        foreach (string variant in new[] { name, name.ToLowerInvariant() })
        {
            if (environment(variant)?.Trim() is { Length: > 0 } value) return (variant, value);
        }

        return (name, null);
    }
}
