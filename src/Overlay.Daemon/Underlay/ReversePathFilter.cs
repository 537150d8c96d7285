using Overlay.Host.Kernel;

namespace Overlay.Daemon.Underlay;

/// <summary>
/// The kernel's filter of packets that come by another device than their answers would go by (RFC 3704 section 2.2).
/// </summary>
/// <remarks>
/// A peer may send plainly to what this node answers by the tunnel, and the other way round: each node decides for
/// itself.
/// </remarks>
internal static class ReversePathFilter
{
    /// <summary>What is wrong with a device's filter; null when nothing.</summary>
    public static string? Find(string device) => IsStrict(device)
        ? $"net.ipv4.conf.{device}.rp_filter is strict: where only one of two nodes has a direct route to the other, "
            + "their pods' packets are dropped; set it to 2"
        : null;

    // Of the device's value and that of all the kernel takes the larger: 0 off, 1 strict, 2 loose.
    private static bool IsStrict(string device)
    {
        string?[] values = [Sysctl.Get("net/ipv4/conf/all/rp_filter"), Sysctl.Get($"net/ipv4/conf/{device}/rp_filter")];
        return values.Contains("1") && !values.Contains("2");
    }
}
