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
/// <param name="vni">The network's.</param>
/// <param name="processes">The processes of this host.</param>
/// <param name="logger">Logs each removal.</param>
internal sealed class FormerFlannel(Vni vni, FlannelProcesses processes, ILogger logger)
{
    /// <summary>
    /// flannel's devices are there, and no flanneld is seen that uses them. To be asked before anything is made.
    /// </summary>
    /// <exception cref="ConfigurationException">flanneld still runs.</exception>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public bool IsLeft()
    {
        using RouteNetlink netlink = new();
        if (Devices(netlink, vni) is not [{ } device, ..]) return false;
        if (processes.Find() is { } sight)
            throw new ConfigurationException(
                $"device {device.Name} belongs to {FlannelProcesses.DaemonName} ({sight}), which runs on this node and "
                + $"has the VXLAN port; example: systemctl stop {FlannelProcesses.DaemonName}");
        if (processes.IsBlind) logger.FlannelUnseen(device.Name);
        return true;
    }

    /// <summary>
    /// Removes <c>flannel.&lt;vni&gt;</c> and <c>flannel-v6.&lt;vni&gt;</c>, and with them the kernel their routes,
    /// neighbours and FDB rows. To be called when nothing but the port is missing to take their place.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Remove()
    {
        using RouteNetlink netlink = new();
        foreach (LinkInfo device in Devices(netlink, vni))
        {
            netlink.Delete(device);
            logger.FlannelDeviceRemoved(device.Name);
        }
    }

    /// <summary>flannel's VXLAN devices of that network.</summary>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public static IReadOnlyList<LinkInfo> Devices(RouteNetlink netlink, Vni vni) =>
    [
        .. netlink.GetLinks()
            .Where(link => link.Kind == "vxlan" && DeviceNames.OfFlannel(vni).Contains(link.Name)),
    ];
}
