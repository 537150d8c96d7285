using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

/// <summary>A policy routing rule that looks a table up (ip-rule(8)).</summary>
/// <param name="Family">The packets it is for.</param>
/// <param name="Priority">Rules are asked in ascending order; main's is 32766.</param>
/// <param name="Table">The table it looks up.</param>
public sealed record RuleInfo(IpFamily Family, uint Priority, uint Table)
{
    /// <summary>The table of addresses of this host.</summary>
    public const uint LocalTable = 255;

    /// <summary>The table that <c>ip route</c> shows.</summary>
    public const uint MainTable = RtNetlink.RT_TABLE_MAIN;
}
