using System.Runtime.InteropServices;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

public sealed partial class RouteNetlink
{
    // IPPROTO_UDP.
    private const byte Udp = 17;

    /// <summary>The entry that a packet of this host's own to that address takes, by all rules and tables.</summary>
    /// <param name="destination">Where it goes.</param>
    /// <param name="source">The address it comes from; null while none is chosen.</param>
    /// <param name="udpPort">The port that it goes to by UDP; 0 for a packet of another kind.</param>
    /// <returns>Null when no entry takes it, or one that discards it.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public RouteMatch? FindMatch(IpAddress destination, IpAddress? source = null, ushort udpPort = 0) =>
        FindMatch(destination, source, 0, udpPort);

    /// <summary>The same for a packet that is forwarded.</summary>
    /// <param name="destination">Where it goes.</param>
    /// <param name="source">The address it comes from.</param>
    /// <param name="incoming">The device it comes by.</param>
    /// <returns>Null when no entry takes it, or the host does not forward it.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public RouteMatch? FindForwardMatch(IpAddress destination, IpAddress source, LinkInfo incoming) =>
        FindMatch(destination, source, incoming.Index, 0);

    private RouteMatch? FindMatch(IpAddress destination, IpAddress? source, int incoming, ushort udpPort)
    {
        byte[] header = new byte[RtMsgLength];
        header[0] = FamilyOf(destination.Family);
        header[1] = (byte)destination.Bits;
        header[2] = (byte)(source?.Bits ?? 0);

        // IPv6 tells the table unasked, and refuses to be asked.
        uint table = destination.Family == IpFamily.IPv4 ? RtNetlink.RTM_F_LOOKUP_TABLE : 0;
        MemoryMarshal.Write(header.AsSpan(8), table | RtNetlink.RTM_F_FIB_MATCH);
        NetlinkMessage request = new(RtNetlink.RTM_GETROUTE, RtNetlink.NLM_F_ACK, header);
        _ = request.Add(RtNetlink.RTA_DST, destination);
        if (source is { } from) _ = request.Add(RtNetlink.RTA_SRC, from);
        if (incoming != 0) _ = request.Add(RtNetlink.RTA_IIF, (uint)incoming);
        if (udpPort != 0)
        {
            // In network byte order, as in the packet.
            _ = request.Add(RtNetlink.RTA_IP_PROTO, Udp);
            _ = request.Add(RtNetlink.RTA_DPORT, [(byte)(udpPort >> 8), (byte)udpPort]);
        }

        try
        {
            IReadOnlyList<RouteMatch> answer = _socket.Dump(request, "RTM_GETROUTE", $"{destination}", ReadMatch);
            return answer.Count == 0 ? null : answer[0];
        }
        catch (LinuxException unreachable)
            when (unreachable.Errno is Errno.ENETUNREACH or Errno.EHOSTUNREACH or Errno.EINVAL or Errno.EACCES
                or Errno.EXDEV)
        {
            // Besides routes that discard: a source that may not come by that device, or cannot be used as one.
            return null;
        }
    }

    private static RouteMatch? ReadMatch(ushort type, ReadOnlySpan<byte> payload)
    {
        if (type != RtNetlink.RTM_NEWROUTE || payload[7] != RtNetlink.RTN_UNICAST) return null;
        if (ReadRoute(payload, null) is not { } route) return null;
        uint table = payload[4];
        NetlinkAttributes attributes = new(payload[RtMsgLength..]);
        while (attributes.MoveNext())
        {
            if (attributes.Type == RtNetlink.RTA_TABLE) table = attributes.ReadUInt32();
        }

        return new RouteMatch(route, table);
    }
}
