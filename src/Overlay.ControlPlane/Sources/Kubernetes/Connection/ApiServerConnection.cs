using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>
/// An HTTP client for one API server: HTTP/2 where it is offered, its certificate checked, our credentials shown.
/// </summary>
internal static class ApiServerConnection
{
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    // Authorities and client certificates that were replaced get to be used, and a balancer's new servers too.
    private static readonly TimeSpan _connectionLifetime = TimeSpan.FromMinutes(10);

    public static HttpClient Open(ApiServerAccess access, KubernetesTimings timings, TimeProvider time, ILogger logger)
    {
        SocketsHttpHandler sockets = new()
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
                LocalCertificateSelectionCallback = access.ClientCertificate is null ? null : (_, _, _, _, _) =>
                    ClientCertificate(access),
            },
        };
        if (!access.SendsToken && (access.Token is not null || File.Exists(access.TokenFile)))
            logger.TokenNotSent(access.Server);
        BearerToken token = access.SendsToken
            ? new(access.Token, access.TokenFile, timings.TokenAge, time, logger)
            : new(null, null, timings.TokenAge, time, logger);
        HttpClient client = new(new TokenHandler(token, sockets))
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
