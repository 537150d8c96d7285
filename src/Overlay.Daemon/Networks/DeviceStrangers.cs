using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>
/// Finds what another program has given to our device, as a DHCP client does that takes any device for its own.
/// </summary>
internal static class DeviceStrangers
{
    private const string Advice =
        "tell the DHCP client, or what else manages interfaces here, to leave ours alone, and ";

    /// <summary>A sentence for each address and each route, with what to do.</summary>
    /// <param name="netlink">Used from one thread at a time.</param>
    /// <param name="link">The TUN.</param>
    /// <param name="own">The addresses that it has from us.</param>
    /// <param name="present">All addresses of this host.</param>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public static IEnumerable<string> Find(
        RouteNetlink netlink, LinkInfo link, IEnumerable<IpAddress> own, IEnumerable<AddressInfo> present)
    {
        foreach (AddressInfo address in present
            .Where(a => a.LinkIndex == link.Index && a.IsGlobal && !own.Contains(a.Address)))
        {
            string text = $"{address.Address}/{address.PrefixLength}";
            yield return $"{link.Name} has the address {text} from another program: {Advice}ip address delete {text} "
                + $"dev {link.Name}";
        }

        foreach (RouteInfo route in netlink.GetRoutes(new RouteFilter(LinkIndex: link.Index)).Where(static r =>
            r.Protocol is not (RouteProtocol.Overlay or RouteProtocol.Kernel)))
        {
            string command = route.Prefix.Family == IpFamily.IPv6 ? "ip -6 route" : "ip route";
            string text = route.Prefix.Length == 0 ? "default" : $"{route.Prefix}";
            yield return $"{link.Name} has the route {text} from another program (protocol {route.Protocol}), and "
                + $"takes packets that are not for pods: {Advice}{command} delete {text} dev {link.Name}";
        }
    }
}
