namespace Overlay.Host.Netlink;

/// <summary>The entry of a routing table that decides over a packet.</summary>
/// <param name="Route">The entry as it stands in its table.</param>
/// <param name="Table">The table, which a rule has led to.</param>
public sealed record RouteMatch(RouteInfo Route, uint Table);
