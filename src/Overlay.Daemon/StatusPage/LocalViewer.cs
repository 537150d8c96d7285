using System.Net;
using Microsoft.AspNetCore.Http;

namespace Overlay.Daemon.StatusPage;

/// <summary>
/// Tells viewers on this host from others: an address that is open for a scraper shows the whole node to nobody else, and
/// a foreign web site whose name leads to this host reads nothing through its visitor's browser (DNS rebinding).
/// </summary>
internal static class LocalViewer
{
    /// <summary>The request comes from a loopback address, and names one.</summary>
    public static bool Is(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } from && IPAddress.IsLoopback(from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from)
        && IsLoopbackName(context.Request.Host.Host);

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
