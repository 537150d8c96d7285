using System.Runtime.InteropServices;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

public sealed partial class RouteNetlink
{
    private const int RtMsgLength = 12;

    /// <summary>
    /// The routes of a table, both families. Of a multipath route the first next hop that works is told.
    /// </summary>
    /// <param name="table">The table.</param>
    /// <param name="protocol">
    /// Only routes of that protocol, picked out by the kernel: a host can have a million others.
    /// </param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public IReadOnlyList<RouteInfo> GetRoutes(uint table = RuleInfo.MainTable, byte? protocol = null) =>
        GetRoutes(new RouteFilter(table, protocol));

    /// <summary>The routes that the filter lets through, both families.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public IReadOnlyList<RouteInfo> GetRoutes(RouteFilter filter)
    {
        byte[] header = new byte[RtMsgLength];
        header[4] = filter.Table <= byte.MaxValue ? (byte)filter.Table : (byte)0;
        header[5] = filter.Protocol ?? 0;
        NetlinkMessage request = new(RtNetlink.RTM_GETROUTE, RtNetlink.NLM_F_DUMP, header);
        _ = request.Add(RtNetlink.RTA_TABLE, filter.Table);
        if (filter.LinkIndex is { } link) _ = request.Add(RtNetlink.RTA_OIF, (uint)link);

        // A kernel before 4.20 lists everything.
        return _socket.Dump(request, "RTM_GETROUTE", "all routes", (type, payload) =>
            type == RtNetlink.RTM_NEWROUTE && filter.MayTake(ReadPrefix(payload))
                && ReadRoute(payload, filter.Table) is { } route && filter.Takes(route) ? route : null);
    }

    /// <summary>
    /// The route this host's own packets to that address take: its device and, where it has one, its gateway.
    /// </summary>
    /// <returns>Null when there is none, or none that leaves this host.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public RouteInfo? FindRoute(IpAddress destination)
    {
        byte[] header = new byte[RtMsgLength];
        header[0] = FamilyOf(destination.Family);
        header[1] = (byte)destination.Bits;
        NetlinkMessage request = new(RtNetlink.RTM_GETROUTE, RtNetlink.NLM_F_ACK, header);
        _ = request.Add(RtNetlink.RTA_DST, destination);
        try
        {
            // Asked for one route, the kernel answers with one message, like a dump of one entry.
            IReadOnlyList<RouteInfo> answer =
                _socket.Dump(request, "RTM_GETROUTE", $"{destination}", static (type, payload) =>
                type == RtNetlink.RTM_NEWROUTE
                    && payload[7] == RtNetlink.RTN_UNICAST ? ReadRoute(payload, null) : null);
            return answer.Count == 0 ? null : answer[0];
        }
        catch (LinuxException unreachable)
            when (unreachable.Errno is Errno.ENETUNREACH or Errno.EHOSTUNREACH or Errno.EINVAL or Errno.EACCES)
        {
            // No route at all, or one of type unreachable, blackhole or prohibit.
            return null;
        }
    }

    /// <summary>Adds a route, or replaces the one of that prefix and metric.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void SetRoute(RouteInfo route) =>
        _socket.Request(
            RouteRequest(RtNetlink.RTM_NEWROUTE, RtNetlink.NLM_F_CREATE | RtNetlink.NLM_F_REPLACE, route),
            "RTM_NEWROUTE", Describe(route));

    /// <summary>
    /// Adds a route; false when there is one of that prefix and metric already, which stays as it is.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool TryAddRoute(RouteInfo route)
    {
        try
        {
            _socket.Request(
                RouteRequest(RtNetlink.RTM_NEWROUTE, RtNetlink.NLM_F_CREATE | RtNetlink.NLM_F_EXCL, route),
                "RTM_NEWROUTE", Describe(route));
            return true;
        }
        catch (LinuxException taken) when (taken.Errno == Errno.EEXIST)
        {
            return false;
        }
    }

    /// <summary>Removes exactly that route: prefix, metric, protocol and device must match.</summary>
    /// <exception cref="LinuxException">The kernel refused, or it was not there.</exception>
    public void RemoveRoute(RouteInfo route) =>
        _socket.Request(RouteRequest(RtNetlink.RTM_DELROUTE, 0, route), "RTM_DELROUTE", Describe(route));

    private static NetlinkMessage RouteRequest(ushort type, ushort flags, RouteInfo route)
    {
        // struct rtmsg: family, dst length, src length, tos, table, protocol, scope, type, flags(4)
        byte[] header = new byte[RtMsgLength];
        header[0] = FamilyOf(route.Prefix.Family);
        header[1] = (byte)route.Prefix.Length;
        header[4] = RtNetlink.RT_TABLE_MAIN;
        header[5] = route.Protocol;
        bool isOnLink = !route.IsBlackhole && route.Gateway is null && route.Prefix.Family == IpFamily.IPv4;
        header[6] = isOnLink ? RtNetlink.RT_SCOPE_LINK : RtNetlink.RT_SCOPE_UNIVERSE;
        header[7] = route.IsBlackhole ? RtNetlink.RTN_BLACKHOLE : RtNetlink.RTN_UNICAST;
        if (route.IsOnLink) MemoryMarshal.Write(header.AsSpan(8), (uint)RtNetlink.RTNH_F_ONLINK);
        NetlinkMessage request = new(type, (ushort)(flags | RtNetlink.NLM_F_ACK), header);
        _ = request.Add(RtNetlink.RTA_DST, route.Prefix.Address);
        if (route.LinkIndex != 0) _ = request.Add(RtNetlink.RTA_OIF, (uint)route.LinkIndex);
        if (route.Metric != 0) _ = request.Add(RtNetlink.RTA_PRIORITY, route.Metric);
        if (route.PreferredSource is { } source) _ = request.Add(RtNetlink.RTA_PREFSRC, source);
        if (route.Gateway is { } gateway) _ = request.Add(RtNetlink.RTA_GATEWAY, gateway);
        if (route.Mtu != 0) _ = request.AddNested(RtNetlink.RTA_METRICS, RtNetlink.RTAX_MTU, route.Mtu);
        return request;
    }

    // Without the rest of the route: of a million routes hardly any is of interest.
    private static IpPrefix? ReadPrefix(ReadOnlySpan<byte> payload)
    {
        if (payload[0] is not (Libc.AF_INET or Libc.AF_INET6)) return null;
        NetlinkAttributes attributes = new(payload[RtMsgLength..]);
        while (attributes.MoveNext())
        {
            if (attributes.Type == RtNetlink.RTA_DST) return new IpPrefix(IpAddress.Read(attributes.Value), payload[1]);
        }

        return new IpPrefix(payload[0] == Libc.AF_INET ? default(Ipv4Address) : default(Ipv6Address), payload[1]);
    }

    private static RouteInfo? ReadRoute(ReadOnlySpan<byte> payload, uint? wantedTable)
    {
        if (payload[0] is not (Libc.AF_INET or Libc.AF_INET6)) return null;
        IpAddress destination = payload[0] == Libc.AF_INET ? default(Ipv4Address) : default(Ipv6Address);
        uint table = payload[4];
        uint metric = 0;
        uint mtu = 0;
        int link = 0;
        IpAddress? source = null;
        IpAddress? gateway = null;
        NetlinkAttributes attributes = new(payload[RtMsgLength..]);
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case RtNetlink.RTA_DST: destination = IpAddress.Read(attributes.Value); break;
                case RtNetlink.RTA_OIF: link = (int)attributes.ReadUInt32(); break;
                case RtNetlink.RTA_PRIORITY: metric = attributes.ReadUInt32(); break;
                case RtNetlink.RTA_PREFSRC: source = IpAddress.Read(attributes.Value); break;
                case RtNetlink.RTA_GATEWAY: gateway = IpAddress.Read(attributes.Value); break;
                case RtNetlink.RTA_VIA: gateway = ReadVia(attributes.Value); break;
                case RtNetlink.RTA_MULTIPATH: (link, gateway) = ReadNextHop(attributes.Value); break;
                case RtNetlink.RTA_TABLE: table = attributes.ReadUInt32(); break;
                case RtNetlink.RTA_METRICS: mtu = ReadMtu(attributes.Value); break;
                default: break;
            }
        }

        if (table != (wantedTable ?? table)) return null;
        bool isBlackhole = payload[7] == RtNetlink.RTN_BLACKHOLE;
        bool isOnLink = (MemoryMarshal.Read<uint>(payload[8..]) & RtNetlink.RTNH_F_ONLINK) != 0;
        return new RouteInfo(
            new IpPrefix(destination, payload[1]), isBlackhole ? 0 : link, metric, payload[5], isBlackhole, source, mtu,
            gateway, isOnLink);
    }

    // struct rtvia: the family, then a gateway that is of another one than the route.
    private static IpAddress? ReadVia(ReadOnlySpan<byte> via) =>
        via.Length is sizeof(ushort) + Ipv4Address.Length or sizeof(ushort) + Ipv6Address.Length
            ? IpAddress.Read(via[sizeof(ushort)..])
            : null;

    private static (int Link, IpAddress? Gateway) ReadNextHop(ReadOnlySpan<byte> nextHops)
    {
        // struct rtnexthop: length(2), flags, weight, link index(4), then attributes of its own
        const int Length = 8;
        (int, IpAddress?) found = (0, null);
        while (nextHops.Length >= Length
            && MemoryMarshal.Read<ushort>(nextHops) is var length && length >= Length && length <= nextHops.Length)
        {
            bool works = (nextHops[2] & (RtNetlink.RTNH_F_DEAD | RtNetlink.RTNH_F_LINKDOWN)) == 0;
            IpAddress? gateway = null;
            NetlinkAttributes attributes = new(nextHops[Length..length]);
            while (attributes.MoveNext())
            {
                if (attributes.Type == RtNetlink.RTA_GATEWAY) gateway = IpAddress.Read(attributes.Value);
                if (attributes.Type == RtNetlink.RTA_VIA) gateway = ReadVia(attributes.Value);
            }

            if (works || found == (0, null)) found = (MemoryMarshal.Read<int>(nextHops[4..]), gateway);
            if (works) break;
            nextHops = nextHops[Math.Min(NetlinkMessage.Align(length), nextHops.Length)..];
        }

        return found;
    }

    private static uint ReadMtu(ReadOnlySpan<byte> metrics)
    {
        NetlinkAttributes attributes = new(metrics);
        while (attributes.MoveNext())
        {
            if (attributes.Type == RtNetlink.RTAX_MTU) return attributes.ReadUInt32();
        }

        return 0;
    }

    private static string Describe(RouteInfo route) =>
        route.IsBlackhole
            ? $"blackhole {route.Prefix} metric {route.Metric}"
            : $"{route.Prefix}{(route.Gateway is { } gateway ? $" via {gateway}" : "")} dev #{route.LinkIndex} metric "
                + $"{route.Metric}";
}
