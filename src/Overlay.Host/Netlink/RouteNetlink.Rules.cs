using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

public sealed partial class RouteNetlink
{
    private const int FibRuleLength = 12;

    /// <summary>Every rule that looks up a table, both families, in the order the kernel asks them.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public IReadOnlyList<RuleInfo> GetRules()
    {
        NetlinkMessage request = new(RtNetlink.RTM_GETRULE, RtNetlink.NLM_F_DUMP, new byte[FibRuleLength]);
        return _socket.Dump(request, "RTM_GETRULE", "all rules",
            static (type, payload) => type == RtNetlink.RTM_NEWRULE ? ReadRule(payload) : null);
    }

    private static RuleInfo? ReadRule(ReadOnlySpan<byte> payload)
    {
        // struct fib_rule_hdr: family, dst length, src length, tos, table, 2 reserved, action, flags(4)
        if (payload[0] is not (Libc.AF_INET or Libc.AF_INET6) || payload[7] != RtNetlink.FR_ACT_TO_TBL) return null;
        uint table = payload[4];
        uint priority = 0;
        NetlinkAttributes attributes = new(payload[FibRuleLength..]);
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case RtNetlink.FRA_PRIORITY: priority = attributes.ReadUInt32(); break;
                case RtNetlink.FRA_TABLE: table = attributes.ReadUInt32(); break;
                default: break;
            }
        }

        return new RuleInfo(payload[0] == Libc.AF_INET ? IpFamily.IPv4 : IpFamily.IPv6, priority, table);
    }
}
