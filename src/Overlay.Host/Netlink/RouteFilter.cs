using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

/// <summary>The routes that are asked for: a host can have a million others.</summary>
/// <param name="Table">Their table.</param>
/// <param name="Protocol">Who made them (RTPROT_*); null for whoever. The kernel picks them out.</param>
/// <param name="LinkIndex">The device they lead to; null for any. The kernel picks them out.</param>
/// <param name="Within">Prefixes that they lie in, wholly; null for any. The kernel lists all others too.</param>
/// <param name="Length">
/// Length of their prefix in bits, 0 for default routes; null for any. The kernel lists all others too.
/// </param>
public sealed record RouteFilter(
    uint Table = RuleInfo.MainTable, byte? Protocol = null, int? LinkIndex = null,
    IReadOnlyList<IpPrefix>? Within = null, int? Length = null)
{
    /// <summary>A route to that prefix may be one of them.</summary>
    internal bool MayTake(IpPrefix? prefix)
    {
        if (prefix is not { } of || (Length is { } length && of.Length != length)) return false;
        if (Within is null) return true;

        // An enumerator of an interface is an allocation, and this is asked for each of a million routes.
        for (int i = 0; i < Within.Count; i++)
        {
            if (Within[i].Contains(of)) return true;
        }

        return false;
    }

    internal bool Takes(RouteInfo route) =>
        (Protocol is null || route.Protocol == Protocol) && (LinkIndex is null || route.LinkIndex == LinkIndex);
}
