using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Sources.Kubernetes.Credentials;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>
/// An HTTP client for one API server: HTTP/2 where it is offered, its certificate checked, our credentials shown.
/// </summary>
internal static class ApiServerConnection
{
    /// <summary>How long a connection may take until it stands.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    // Authorities that were replaced get to be used, and a balancer's new servers too.
    private static readonly TimeSpan _connectionLifetime = TimeSpan.FromMinutes(10);

    /// <param name="access">The server, and what it is shown.</param>
    /// <param name="timings">The limits of connections and credentials.</param>
    /// <param name="time">Clock of the credentials.</param>
    /// <param name="shows">Gets the client certificate that connections show from now on; null for none.</param>
    /// <param name="logger">Logs what keeps a credential from being shown.</param>
    public static HttpClient Open(
        ApiServerAccess access, KubernetesTimings timings, TimeProvider time, Action<X509Certificate2?> shows,
        ILogger logger)
    {
        bool hasToken = access.Token is not null || access.Plugin is not null || File.Exists(access.TokenFile);
        if (hasToken && !access.SendsToken)
            logger.TokenNotSent(access.Server);
        HttpClient client = new(new CredentialHandler(
            Credentials(access, timings, time, logger), Certificate(access, timings, time, logger),
            certificate => Connect(access, certificate, timings, shows)))
        {
            BaseAddress = new Uri(access.Server.ToString().TrimEnd('/') + '/'),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        client.DefaultRequestHeaders.Accept.Add(new("application/json"));
        client.DefaultRequestHeaders.UserAgent.Add(
            new("overlayd", typeof(ApiServerConnection).Assembly.GetName().Version?.ToString(3)));

        // The handler takes the name to check from the Host header.
        client.DefaultRequestHeaders.Host = access.ServerName;
        return client;
    }

    // A token wins over a plugin, as with kubectl: the plugin is not run at all then.
    private static ICredentialSource Credentials(
        ApiServerAccess access, KubernetesTimings timings, TimeProvider time, ILogger logger)
    {
        if (!access.SendsToken) return new BearerToken(null, null, timings.CredentialAge, time, logger);
        return access is { Plugin: { } plugin, Token: null, TokenFile: null }
            ? new PluginCredentials(plugin, timings.PluginLimit, time)
            : new BearerToken(access.Token, access.TokenFile, timings.CredentialAge, time, logger);
    }

    // Plain HTTP has no place for one.
    private static KubeconfigCertificate? Certificate(
        ApiServerAccess access, KubernetesTimings timings, TimeProvider time, ILogger logger) =>
        access is { SendsToken: true, ClientCertificate: { } certificate, ClientKey: { } key }
            ? new(certificate, key, timings.CredentialAge, time, logger)
            : null;

    private static SocketsHttpHandler Connect(
        ApiServerAccess access, ClientCertificate? certificate, KubernetesTimings timings,
        Action<X509Certificate2?> shows)
    {
        SslStreamCertificateContext? shown = certificate?.ToContext();
        shows(shown?.TargetCertificate);
        return new()
        {
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = _connectionLifetime,
            KeepAlivePingDelay = timings.KeepAlivePingDelay,
            KeepAlivePingTimeout = timings.KeepAlivePingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            UseCookies = false,
            AllowAutoRedirect = false,
            Proxy = access.Proxies,
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = new ServerTrust(access.Authorities).Check,
                ClientCertificateContext = shown,
            },
        };
    }
}
