using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>
/// Takes a node over from flannel: its VXLAN devices outlive flanneld, and hold the port and the routes to the peers.
/// </summary>
/// <remarks>
/// Only devices that bear flannel's names, are VXLAN devices, and belong to no running flanneld of this network
/// namespace.
/// </remarks>
internal static class FormerFlannel
{
    private const string DaemonName = "flanneld";

    /// <summary>
    /// Removes <c>flannel.&lt;vni&gt;</c> and <c>flannel-v6.&lt;vni&gt;</c>, and with them the kernel their routes,
    /// neighbours and FDB rows.
    /// </summary>
    /// <exception cref="ConfigurationException">flanneld still runs.</exception>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static void Remove(Vni vni, ILogger logger)
    {
        using RouteNetlink netlink = new();
        string[] names = [$"flannel.{vni}", $"flannel-v6.{vni}"];
        LinkInfo[] devices = [.. netlink.GetLinks().Where(link => link.Kind == "vxlan" && names.Contains(link.Name))];
        if (devices.Length == 0) return;
        if (FindDaemon() is { } pid)
            throw new ConfigurationException(
                $"device {devices[0].Name} belongs to {DaemonName} (process {pid}), which runs on this node and has "
                + $"the VXLAN port; example: systemctl stop {DaemonName}");
        foreach (LinkInfo device in devices)
        {
            netlink.Delete(device);
            logger.FlannelDeviceRemoved(device.Name);
        }
    }

    private static string? FindDaemon()
    {
        string? ours = File.ResolveLinkTarget("/proc/thread-self/ns/net", returnFinalTarget: false)?.Name;
        foreach (string process in Directory.EnumerateDirectories("/proc")
            .Where(static path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(process, "comm")).TrimEnd() == DaemonName
                    && File.ResolveLinkTarget(Path.Combine(
                        process, "ns/net"), returnFinalTarget: false)?.Name == ours) return Path.GetFileName(process);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile, or is not ours to look at.
            }
        }

        return null;
    }
}
