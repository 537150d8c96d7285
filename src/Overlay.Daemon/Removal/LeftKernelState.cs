using Microsoft.Extensions.Logging;
using Overlay.Daemon.Firewall;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Daemon.Tiers;
using Overlay.Dataplane.Ebpf.Devices;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Removal;

/// <summary>Devices, routes and rules that a stopped daemon and the plugin have left in the kernel.</summary>
internal sealed class LeftKernelState(OverlayOptions options, ILoggerFactory loggers)
{
    // The plugin's own default; a configuration that names another one is not ours and stays.
    private const string Bridge = "cni0";

    private readonly ILogger _logger = loggers.CreateLogger<LeftKernelState>();

    /// <summary>flannel has a device for this network.</summary>
    public bool HasFlannel
    {
        get
        {
            using RouteNetlink netlink = new();
            return FormerFlannel.Devices(netlink, options.Network.Vni).Count > 0;
        }
    }

    /// <summary>Removes the pods' bridge, where it has an address of this node's pods, or of the cluster's.</summary>
    /// <returns>The reason why it stays; null where it is gone, or is somebody else's.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public string? RemoveBridge()
    {
        using RouteNetlink netlink = new();
        if (netlink.FindLink(Bridge) is not { Kind: "bridge" } bridge || !IsOurs(netlink, bridge)) return null;
        string[] ports =
            [.. netlink.GetLinks().Where(link => link.MasterIndex == bridge.Index).Select(static link => link.Name)];
        if (ports.Length > 0) return $"{Bridge} has the interfaces of {ports.Length} pods ({string.Join(", ", ports)})";
        netlink.Delete(bridge);
        _logger.Removed(Bridge);
        return null;
    }

    /// <summary>Removes the eBPF tier that was kept, of this network, and of others that had its port before.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void RemoveTier()
    {
        foreach (Vni vni in LeftTiers.Others(options).Append(options.Network.Vni))
        {
            if (LeftTiers.Remove(options, vni)) _logger.Removed(VxlanDevice.NameOf(vni));
        }
    }

    /// <summary>Removes the device that was kept, and routes that outlive a device.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void RemoveDevice()
    {
        using RouteNetlink netlink = new();
        KeptDevice kept = new(options.StateDirectory, _logger);
        if (kept.Find(netlink, DeviceNames.Of(options.Network.Vni)) is { } device)
        {
            netlink.Delete(device);
            _logger.Removed(device.Name);
        }

        HashSet<string> present = [.. netlink.GetLinks().Select(static link => link.Name)];
        IpPrefix[] ours =
        [
            .. new BlackholeRecord(options.StateDirectory, _logger).Load()
                .Where(entry => !present.Contains(entry.Key)).SelectMany(static entry => entry.Value),
        ];
        foreach (RouteInfo route in netlink.GetRoutes(protocol: RouteProtocol.Overlay)
            .Where(route => (route.IsBlackhole || route.Gateway is not null)
                && ours.Any(prefix => prefix.Contains(route.Prefix))))
        {
            netlink.RemoveRoute(route);
            _logger.Removed($"route {route.Prefix}");
        }
    }

    /// <summary>Removes tables, chains and the reservation of the port.</summary>
    /// <returns>A sentence for each part that stays.</returns>
    /// <exception cref="LinuxException">Changes cannot be watched.</exception>
    public IReadOnlyList<string> RemovePacketFilter()
    {
        ProblemBoard problems = new(loggers.CreateLogger<ProblemBoard>());
        using PacketFilter filter =
            new(options, DeviceNames.Of(options.Network.Vni), problems, loggers.CreateLogger<PacketFilter>());
        return [.. filter.TakeOver().Concat(filter.RemoveFromKernel()).Distinct()];
    }

    private bool IsOurs(RouteNetlink netlink, LinkInfo bridge)
    {
        IpPrefix[] pods =
        [
            .. options.Network.Cidrs, .. options.PodCidrs,
            .. NodeSubnetFile.Find(options.SubnetFile) is { } written
                ? new[] { written.Ipv4, written.Ipv6 }.OfType<IpPrefix>()
                : [],
        ];
        return netlink.GetAddresses(bridge).Any(address => pods.Any(prefix => prefix.Contains(address.Address)));
    }
}
