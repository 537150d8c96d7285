using Overlay.Dataplane.Forwarding;

namespace Overlay.Daemon.Admin;

/// <summary>A row of <c>overlayctl routes</c>: a prefix; via is an underlay address or <c>local</c>.</summary>
internal sealed record RouteReport(string Prefix, string Via, string? VtepMac, string Node)
{
    /// <param name="table">The table that the workers use.</param>
    /// <param name="node">This node's name.</param>
    public static IReadOnlyList<RouteReport> Of(ForwardingTable table, string node) =>
    [
        .. table.Routes
            .OrderBy(static route => route.Prefix.Family)
            .ThenBy(static route => route.Prefix.Address.Value).ThenBy(static route => route.Prefix.Length)
            .Select(route => new RouteReport(
                route.Prefix.ToString(), route.Via?.Address.ToString() ?? "local", route.Via?.Mac.ToString(),
                route.Via?.Node ?? node)),
    ];
}
