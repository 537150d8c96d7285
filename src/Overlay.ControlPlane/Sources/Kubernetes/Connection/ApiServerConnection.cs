using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
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

    // Authorities and client certificates that were replaced get to be used, and a balancer's new servers too.
    private static readonly TimeSpan _connectionLifetime = TimeSpan.FromMinutes(10);

    public static HttpClient Open(ApiServerAccess access, KubernetesTimings timings, TimeProvider time, ILogger logger)
    {
        bool hasToken = access.Token is not null || access.Plugin is not null || File.Exists(access.TokenFile);
        if (hasToken && !access.SendsToken)
            logger.TokenNotSent(access.Server);
        HttpClient client = new(new CredentialHandler(
            Credentials(access, timings, time, logger), certificate => Connect(access, certificate, timings)))
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
        if (!access.SendsToken) return new BearerToken(null, null, timings.TokenAge, time, logger);
        return access is { Plugin: { } plugin, Token: null, TokenFile: null }
            ? new PluginCredentials(plugin, timings.PluginLimit, time)
            : new BearerToken(access.Token, access.TokenFile, timings.TokenAge, time, logger);
    }

    private static SocketsHttpHandler Connect(
        ApiServerAccess access, ClientCertificate? given, KubernetesTimings timings) => new()
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
                LocalCertificateSelectionCallback = given is not null
                    ? (_, _, _, _, _) => X509Certificate2.CreateFromPem(given.Certificate, given.Key)
                    : access.ClientCertificate is not null
                        ? (_, _, _, _, _) => ClientCertificate(access)
                        : null,
            },
        };

    private static X509Certificate2 ClientCertificate(ApiServerAccess access)
    {
        try
        {
            return X509Certificate2.CreateFromPem(access.ClientCertificate!.Read(), access.ClientKey!.Read());
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new AuthenticationException(
                $"the client certificate in {access.ClientCertificate} with the key in {access.ClientKey} cannot be "
                + $"read: {exception.Message}", exception);
        }
    }
}
