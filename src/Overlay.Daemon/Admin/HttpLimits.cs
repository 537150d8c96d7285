using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Overlay.Daemon.Admin;

/// <summary>Bounds on what clients of the daemon's HTTP may take of it.</summary>
internal static class HttpLimits
{
    // A scraper, probes and an operator have a few; each may cost some kilobytes, and one that says nothing goes soon.
    private const long MaxConnections = 64;
    private const long MaxRequestBytes = 4096;

    // The longest question has two names of nodes in it. A browser sends cookies of all of this host's programs.
    private const int MaxRequestLine = 4096;
    private const int MaxHeaders = 100;
    private const int MaxHeaderBytes = 32 * 1024;

    private static readonly TimeSpan _headersLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _idleLimit = TimeSpan.FromSeconds(10);

    public static void Apply(KestrelServerOptions kestrel)
    {
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxConcurrentConnections = MaxConnections;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = MaxRequestBytes;
        limits.MaxRequestLineSize = MaxRequestLine;
        limits.MaxRequestHeaderCount = MaxHeaders;
        limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        limits.MaxRequestBufferSize = 2 * MaxHeaderBytes;
        limits.RequestHeadersTimeout = _headersLimit;
        limits.KeepAliveTimeout = _idleLimit;
    }
}
