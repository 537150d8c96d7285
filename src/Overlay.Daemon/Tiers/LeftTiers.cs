using Overlay.Daemon.Options;
using Overlay.Dataplane.Ebpf.Devices;
using Overlay.Dataplane.Ebpf.Lifecycle;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tiers;

/// <summary>Tiers that earlier runs have left in the kernel. They have the tunnels' port, and forward by an old table.</summary>
internal static class LeftTiers
{
    /// <summary>The networks whose tier has this port, and whose TUN no daemon reads: this node's number has changed since.</summary>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    public static IReadOnlyList<Vni> Others(OverlayOptions options)
    {
        using RouteNetlink netlink = new();
        return
        [
            .. VxlanDevice.FindLeft(options.Network.Port).Where(vni => vni != options.Network.Vni
                && netlink.FindLink(DeviceNames.Of(vni)) is not { HasCarrier: true }),
        ];
    }

    /// <summary>Removes devices, programs and pins of a network's tier; false where there was no device.</summary>
    /// <remarks>The underlay may have been another device then, so programs are looked for on each.</remarks>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static bool Remove(OverlayOptions options, Vni vni)
    {
        using RouteNetlink netlink = new();
        bool isThere = netlink.FindLink(VxlanDevice.NameOf(vni)) is not null;
        EbpfTier.RemoveLeftovers(
            vni, [.. netlink.GetLinks().Select(static link => link.Index)],
            PinPlace.Find(options.Dataplane.PinDirectories, vni.Value));
        return isThere;
    }
}
