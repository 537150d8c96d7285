using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Host.Kernel;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Networks;

/// <summary>The kernel parameters of our own device.</summary>
internal static class DeviceSysctls
{
    /// <param name="device">The TUN, before it is brought up.</param>
    /// <param name="options">Which families have pods.</param>
    /// <param name="logger">Logs in one line what could not be set.</param>
    public static void Apply(string device, OverlayOptions options, ILogger logger)
    {
        // In a container /proc/sys is often read-only. Where the host's is mounted beside it, that is written.
        List<string> stay =
            [.. Wanted(device, options).Select(static want => Stays(want.Sysctl, want.Value)).OfType<string>()];
        if (options.SubnetV6 is not null && ForwardingStays(device) is { } forwarding) stay.Add(forwarding);
        if (stay.Count > 0) logger.SysctlsStay(string.Join(", ", stay), Sysctl.HostRoot);
    }

    private static IEnumerable<(string Sysctl, string Value)> Wanted(string device, OverlayOptions options)
    {
        string ipv4 = $"net/ipv4/conf/{device}";
        string ipv6 = $"net/ipv6/conf/{device}";
        if (options.Subnet is not null)
        {
            yield return ($"{ipv4}/forwarding", "1");

            // Loose: what is answered by another way, as by a direct route of one node alone, is none the worse for it.
            yield return ($"{ipv4}/rp_filter", "2");

            // A TUN without a reader has no carrier, and programs of the kernel forward on by its routes.
            yield return ($"{ipv4}/ignore_routes_with_linkdown", "0");
        }

        if (options.SubnetV6 is null)
        {
            yield return ($"{ipv6}/disable_ipv6", "1");
            yield break;
        }

        // Nobody answers ND on a TUN: no router solicitations, no link-local address.
        yield return ($"{ipv6}/disable_ipv6", "0");
        yield return ($"{ipv6}/accept_ra", "0");
        yield return ($"{ipv6}/addr_gen_mode", "1");
        yield return ($"{ipv6}/ignore_routes_with_linkdown", "0");
    }

    private static string? Stays(string sysctl, string value) =>
        Stays(sysctl, value, () => Sysctl.Set(sysctl, value));

    // Written by itself it would cost the host the default routes that routers advertise to it.
    private static string? ForwardingStays(string device) => Stays($"net/ipv6/conf/{device}/forwarding", "1", () =>
    {
        using RouteNetlink netlink = new();
        Forwarding.SwitchOnIpv6(netlink, device);
    });

    private static string? Stays(string sysctl, string value, Action set)
    {
        try
        {
            set();
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{sysctl} {Sysctl.Get(sysctl)} instead of {value}";
        }
    }
}
