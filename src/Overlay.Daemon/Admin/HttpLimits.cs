using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Overlay.Daemon.Admin;

/// <summary>Bounds on what clients of the daemon's HTTP may take of it.</summary>
internal static class HttpLimits
{
    // A scraper, probes and an operator have a few; each may cost some kilobytes, and one that says nothing goes soon.
    private const long MaxConnections = 64;
    private const long MaxRequestBytes = 4096;

    private static readonly TimeSpan _headersLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _idleLimit = TimeSpan.FromSeconds(10);

    public static void Apply(KestrelServerOptions kestrel)
    {
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxConcurrentConnections = MaxConnections;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = MaxRequestBytes;
        limits.RequestHeadersTimeout = _headersLimit;
        limits.KeepAliveTimeout = _idleLimit;
    }
}
