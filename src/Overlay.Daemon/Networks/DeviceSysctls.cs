using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Host.Kernel;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Networks;

/// <summary>The kernel parameters of our own device. No other device's and no global one is touched.</summary>
internal static class DeviceSysctls
{
    /// <param name="device">The TUN, before it is brought up.</param>
    /// <param name="options">Which families have pods.</param>
    /// <param name="logger">Told of what could not be set.</param>
    public static void Apply(string device, OverlayOptions options, ILogger logger)
    {
        string ipv4 = $"net/ipv4/conf/{device}";
        string ipv6 = $"net/ipv6/conf/{device}";
        if (options.Subnet is not null) TrySet($"{ipv4}/forwarding", "1", logger);

        // Loose: what is answered by another way, as by a direct route of one node alone, is none the worse for it.
        if (options.Subnet is not null) TrySet($"{ipv4}/rp_filter", "2", logger);
        if (options.SubnetV6 is null)
        {
            TrySet($"{ipv6}/disable_ipv6", "1", logger);
            return;
        }

        // Nobody answers ND on a TUN: no router solicitations, no link-local address.
        TrySet($"{ipv6}/disable_ipv6", "0", logger);
        TrySet($"{ipv6}/accept_ra", "0", logger);
        TrySet($"{ipv6}/addr_gen_mode", "1", logger);
        Try($"{ipv6}/forwarding", "1", logger, () =>
        {
            // Written by itself it would cost the host the default routes that routers advertise to it.
            using RouteNetlink netlink = new();
            Forwarding.SwitchOnIpv6(netlink, device);
        });
    }

    // In a container /proc/sys is often read-only. What is set there already may do; the warning says what to look at.
    private static void TrySet(string sysctl, string value, ILogger logger) =>
        Try(sysctl, value, logger, () => Sysctl.Set(sysctl, value));

    private static void Try(string sysctl, string value, ILogger logger, Action set)
    {
        try
        {
            set();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.SysctlStays(sysctl, Sysctl.Get(sysctl), value, exception.Message);
        }
    }
}
