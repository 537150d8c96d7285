using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>The TUN device with its addresses, routes and sysctls: all that this node's kernel has to know.</summary>
/// <remarks>Everything is ours by device or by route protocol; nothing else is touched.</remarks>
internal sealed class OverlayDevice : IDisposable
{
    private const string Key = "device";

    // Packets, as of an Ethernet device (DEFAULT_TX_QUEUE_LEN, include/net/pkt_sched.h): of 10,000 a second none is lost to a
    // worker that gets no processor for 0.1 s, as beside the start of its successor.
    private const int QueueLength = 1000;

    private readonly TunQueues _queues;
    private readonly RouteNetlink _netlink;
    private readonly LinkInfo _link;
    private readonly OverlayOptions _options;
    private readonly IReadOnlyList<IpPrefix> _podCidrs;
    private readonly HostForwarding _forwarding;
    private readonly ProblemBoard _problems;
    private readonly ILogger<OverlayDevice> _logger;
    private OverlayMtu _mtu;
    private OverlayRoutes _routes;

    private OverlayDevice(
        TunQueues queues, RouteNetlink netlink, LinkInfo link, OverlayMtu mtu, OverlayOptions options,
        ProblemBoard problems, ILogger<OverlayDevice> logger)
    {
        _queues = queues;
        _netlink = netlink;
        _link = link;
        _options = options;
        _mtu = mtu;
        _podCidrs = [.. options.PodCidrs];
        _routes = new OverlayRoutes(netlink, options, link, mtu, logger);
        _forwarding = new HostForwarding(options, problems, logger);
        _problems = problems;
        _logger = logger;
    }

    /// <summary>The device's name.</summary>
    public string Name => _link.Name;

    /// <summary>The TUN's queues, one or more.</summary>
    public TunQueues Queues => _queues;

    /// <summary>The bridge of the local pods, of several the one with the smallest MTU; null while there is none.</summary>
    public LinkInfo? Bridge { get; private set; }

    /// <summary>
    /// A device that an earlier run has left is this node's still: one with addresses of former pod CIDRs has their routes
    /// too, and is made anew.
    /// </summary>
    public static bool HasNoOtherAddress(RouteNetlink netlink, LinkInfo left, OverlayOptions options)
    {
        IpAddress[] own = [.. options.PodCidrs.Select(static podCidr => podCidr.Address)];
        return netlink.GetAddresses(left).Where(static address => address.IsGlobal)
            .All(address => own.Contains(address.Address));
    }

    /// <summary>Creates the device and all that belongs to it, and prunes what a crashed run left.</summary>
    /// <param name="netlink">Used from one thread at a time.</param>
    /// <param name="options">Networks and this node's subnets.</param>
    /// <param name="mtu">What pods of either family may send.</param>
    /// <param name="queues">How many readers and writers the TUN shall have.</param>
    /// <param name="inherited">Its descriptors, of the overlayd that this one takes over from; null for none.</param>
    /// <param name="problems">Gets what keeps pods' packets from flowing, at each <see cref="Repair"/>.</param>
    /// <param name="logger">Logs what is set and repaired.</param>
    /// <exception cref="ConfigurationException">A route that is not ours stands where ours belongs.</exception>
    /// <exception cref="LinuxException">The kernel refused; what was made so far is gone again.</exception>
    public static OverlayDevice Create(
        RouteNetlink netlink, OverlayOptions options, OverlayMtu mtu, int queues, TunDescriptors? inherited,
        ProblemBoard problems, ILogger<OverlayDevice> logger)
    {
        KeptDevice kept = new(options.StateDirectory, logger);
        TunQueues tuns = inherited is null
            ? Open(netlink, DeviceNames.Of(options.Network.Vni), queues, options, kept, logger)
            : TunQueues.Adopt(inherited, options.Dataplane.Offloads);
        string name = tuns.Name;
        OverlayDevice? device = null;
        try
        {
            LinkInfo link = netlink.FindLink(name) ?? throw new LinuxException("RTM_GETLINK", name, Errno.ENODEV);
            device = new OverlayDevice(tuns, netlink, link, mtu, options, problems, logger);
            device._routes.RefuseForeign();

            // A crash leaves it to the next start, with addresses and routes.
            device.Keep(kept, isKept: true);
            DeviceSysctls.Apply(name, options, logger);
            device._forwarding.Allow(netlink);
            netlink.SetUp(link, mtu.Device, QueueLength);

            // Routes of an overlayd that runs are in use: only those that a crash has left go.
            if (inherited is null) device._routes.Prune(netlink.GetLinks().Select(l => l.Name));
            device.Repair();
            return device;
        }
        catch
        {
            try
            {
                if (inherited is null) device?.RemoveFromKernel();
            }
            finally
            {
                device?.Dispose();
                tuns.Dispose();
            }

            throw;
        }
    }

    /// <summary>
    /// Puts back MTU, addresses and routes that went missing, as they do when a link is taken down and up.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Repair()
    {
        IReadOnlyList<LinkInfo> links = _netlink.GetLinks();
        LinkInfo? link = links.FirstOrDefault(l => l.Index == _link.Index);
        List<string> problems = link is { IsUp: true }
            ? []
            : [$"{_link.Name} is down: pods reach no other node; ip link set {_link.Name} up"];
        _forwarding.Report();
        try
        {
            // A device somebody took down stays down: that is an operator's choice. Gone, its reader ends the daemon.
            if (link is { IsUp: true }) problems.AddRange(Repair(links, link));
        }
        finally
        {
            _problems.Report(Key, ProblemSeverity.Problem, problems);
        }
    }

    /// <summary>Takes another MTU, for the device and for the routes.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void SetMtu(OverlayMtu mtu)
    {
        if (mtu == _mtu) return;
        _mtu = mtu;
        _routes = new OverlayRoutes(_netlink, _options, _link, mtu, _logger);
        Repair();
    }

    /// <summary>Removes what would outlive the device. The device itself goes with its last descriptor.</summary>
    public void RemoveFromKernel()
    {
        try
        {
            Keep(new KeptDevice(_options.StateDirectory, _logger), isKept: false);
        }
        catch (LinuxException gone)
        {
            _logger.DeviceWasGone(_link.Name, gone.Message);
        }
        finally
        {
            _routes.RemoveFromKernel();
        }
    }

    /// <summary>Closes the device. Its addresses and routes go with its last descriptor; blackholes stay.</summary>
    public void Dispose()
    {
        _problems.Report(Key, ProblemSeverity.Problem);
        _forwarding.Withdraw();
        _queues.Dispose();
    }

    // The device of an earlier run is taken over with its addresses and routes: pods' connections have seen a pause.
    private static TunQueues Open(
        RouteNetlink netlink, string name, int queues, OverlayOptions options, KeptDevice kept, ILogger logger)
    {
        LinkInfo? left = kept.Find(netlink, name);
        if (left is null) return TunQueues.Create(name, queues, options.Dataplane.Offloads);
        try
        {
            if (left.Name == name && HasNoOtherAddress(netlink, left, options))
            {
                TunQueues tuns =
                    TunQueues.Create(name, queues, options.Dataplane.Offloads, isThere: true);
                logger.DeviceTakenOver(name);
                return tuns;
            }
        }
        catch (LinuxException exception) when (exception.Errno == Errno.EINVAL)
        {
            // With another number of queues it cannot be had.
        }

        netlink.Delete(left);
        return TunQueues.Create(name, queues, options.Dataplane.Offloads);
    }

    private void Keep(KeptDevice kept, bool isKept)
    {
        _queues.Persist(isKept);
        if (isKept) kept.Save(_netlink, _link);
        else kept.Delete();
    }

    private IReadOnlyList<string> Repair(IReadOnlyList<LinkInfo> links, LinkInfo link)
    {
        if (link.Mtu != _mtu.Device) _netlink.SetUp(link, _mtu.Device, QueueLength);
        IReadOnlyList<AddressInfo> addresses = _netlink.GetAddresses();
        Bridge = FindBridges(links, addresses).MinBy(static bridge => bridge.Mtu);
        foreach (IpPrefix podCidr in _podCidrs)
        {
            // The pod CIDR's base address as /32 (/128), as flannel has it: the source of what this host sends to pods.
            IpAddress address = podCidr.Address;
            if (addresses.Any(a => a.LinkIndex == _link.Index && a.Address == address)) continue;
            _netlink.SetAddress(_link, address, address.Bits);
            _logger.AddressAssigned(address, _link.Name);
        }

        IEnumerable<string> strangers = DeviceStrangers.Find(
            _netlink, _link, _podCidrs.Select(static podCidr => podCidr.Address), addresses);
        return
        [
            .. _routes.Repair(),
            .. ShortList.Of(strangers, $"{_link.Name} has more from other programs: ip address show dev {_link.Name}; "
                + $"ip route show dev {_link.Name}"),
        ];
    }

    // Whatever device has an address of the pod CIDR, as cni0 has the gateway's, leads to the pods.
    private IEnumerable<LinkInfo> FindBridges(IReadOnlyList<LinkInfo> links, IReadOnlyList<AddressInfo> addresses) =>
        links.Where(link => link.Index != _link.Index
            && addresses.Any(a => a.LinkIndex == link.Index && _podCidrs.Contains(a.Network)));
}
