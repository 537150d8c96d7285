using Overlay.Host.Kernel;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Networks;

/// <summary>
/// What on this host keeps pods' packets from flowing and is not ours to change, each with what to do.
/// </summary>
internal static class HostProblems
{
    /// <param name="device">The TUN's name.</param>
    /// <param name="link">The TUN as the kernel has it now; null when it is gone.</param>
    /// <param name="mtu">Which families have pods.</param>
    public static IReadOnlyList<string> Find(string device, LinkInfo? link, OverlayMtu mtu)
    {
        List<string> problems = [];
        if (link is not { IsUp: true })
            problems.Add($"{device} is down: pods reach no other node; ip link set {device} up");

        // Forwarding from the bridge to us is the host's to allow, as Kubernetes nodes do and a plain host does not.
        if (mtu.Ipv4 > 0 && Sysctl.Get("net/ipv4/ip_forward") == "0")
            problems.Add("net.ipv4.ip_forward is 0: IPv4 pods reach no other node; set it to 1");
        if (mtu.Ipv6 > 0 && Sysctl.Get("net/ipv6/conf/all/forwarding") == "0")
            problems.Add("net.ipv6.conf.all.forwarding is 0: IPv6 pods reach no other node; set it to 1");
        return problems;
    }
}
