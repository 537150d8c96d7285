using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Ebpf.Devices;
using Overlay.Dataplane.Ebpf.Lifecycle;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tiers;

/// <summary>Tiers that earlier runs have left in the kernel. They have the tunnels' port, and forward by an old table.</summary>
internal static class LeftTiers
{
    /// <summary>The networks whose tier has this port, and whose TUN no daemon reads: the VNI has been changed since.</summary>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public static IReadOnlyList<Vni> Others(OverlayOptions options)
    {
        using RouteNetlink netlink = new();

        // A TUN that somebody has taken down shows no reader, whether it has one or none.
        return
        [
            .. VxlanDevice.FindAll(options.Network.Port).Where(vni => vni != options.Network.Vni
                && netlink.FindLink(DeviceNames.Of(vni)) is null or { IsUp: true, HasCarrier: false }),
        ];
    }

    /// <summary>
    /// Removes devices, programs and pins of a network's tier, wherever the underlay was; false where it had no device.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static bool Remove(OverlayOptions options, Vni vni)
    {
        using RouteNetlink netlink = new();
        return Remove(options, vni, [.. netlink.GetLinks().Select(static link => link.Index)]);
    }

    /// <summary>The same of this node's network, whose underlay is this one.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static void RemoveOwn(OverlayOptions options, UnderlayInterface underlay)
    {
        using RouteNetlink netlink = new();
        int tun = netlink.FindLink(DeviceNames.Of(options.Network.Vni))?.Index ?? 0;
        _ = Remove(options, options.Network.Vni, tun == 0 ? [underlay.Exit.Index] : [tun, underlay.Exit.Index]);
    }

    private static bool Remove(OverlayOptions options, Vni vni, IReadOnlyList<int> links) =>
        EbpfTier.RemoveLeftovers(vni, links, [.. PinPlace.Find(options.Dataplane.PinDirectories, vni.Value)]);
}
