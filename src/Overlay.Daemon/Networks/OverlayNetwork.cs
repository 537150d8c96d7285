using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Firewall;
using Overlay.Daemon.Options;
using Overlay.Daemon.Probes;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Host.Kernel;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>
/// One network (VNI) on this node: its TUN with addresses and routes, packet filter, direct routes and workers.
/// </summary>
/// <remarks>
/// <see cref="Create"/> makes all that the kernel keeps, <see cref="Start"/> begins to forward. Where the underlay
/// changes, <see cref="Detach"/>, <see cref="Attach"/> and <see cref="SetUnderlay"/> make new what depends on it; pods
/// keep their device, addresses and routes. <see cref="RemoveFromKernel"/> takes out what would outlive the process,
/// and <see cref="Dispose"/> alone leaves it. Changed by one thread at a time; any thread may read it.
/// </remarks>
internal sealed class OverlayNetwork : IDisposable
{
    private readonly OverlayOptions _options;
    private readonly NetworkContext _context;
    private readonly RouteNetlink _netlink;
    private readonly OverlayDevice _device;
    private readonly DirectRoutes? _directRoutes;
    private readonly PacketFilter _packetFilter;
    private readonly BridgeMtuCheck _bridgeMtu;
    private volatile QueueSet _queues = QueueSet.None;
    private QueueSet? _prepared;
    private DeviceGuard? _guard;
    private ProbeResponder? _responder;
    private OverlayMtu _mtu;
    private UnderlayInterface _underlay;
    private bool _isDisposed;

    private OverlayNetwork(
        OverlayOptions options, UnderlayInterface underlay, NetworkContext context, RouteNetlink netlink,
        OverlayDevice device, DirectRoutes? directRoutes, PacketFilter packetFilter)
    {
        _options = options;
        _underlay = underlay;
        _context = context;
        _netlink = netlink;
        _device = device;
        _directRoutes = directRoutes;
        _packetFilter = packetFilter;
        _bridgeMtu = new BridgeMtuCheck(context.Problems);
        RefusedOffloads.Watch(device.Queues, context.Problems);
    }

    /// <summary>This node's end of the network's tunnels.</summary>
    public required Vtep Vtep { get; init; }

    public OverlayMtu Mtu => _mtu;

    public string DeviceName => _device.Name;

    /// <summary>A worker does not end, and still uses the sockets.</summary>
    public bool IsStuck => _queues.IsStuck;

    /// <summary>Workers run between the TUN and the underlay's sockets; else <see cref="Attach"/> is due.</summary>
    public bool IsAttached => !ReferenceEquals(_queues, QueueSet.None);

    /// <summary>The descriptors of the TUN, for another process.</summary>
    public TunDescriptors Descriptors => _device.Queues.Descriptors;

    /// <summary>How packets are worked on.</summary>
    public QueueUse Use
    {
        get
        {
            int maxSegments = _queues.MaxSegments;
            Offloads offloads = Offloads.UdpReceive | (maxSegments > 1 ? Offloads.UdpSend : Offloads.None);
            offloads |= _device.Queues.Aggregate(Offloads.All, static (all, queue) => all & queue.Offloads)
                & (Offloads.TunHeader | Offloads.TunTcp | Offloads.TunUdp);
            return new QueueUse(_device.Queues.Count, _options.Dataplane.Offloads & offloads, maxSegments);
        }
    }

    /// <summary>Makes device, addresses, routes and packet filter. Nothing is forwarded yet.</summary>
    /// <param name="options">The network and this node's pod CIDRs.</param>
    /// <param name="underlay">The interface that the tunnels leave by.</param>
    /// <param name="macs">Of this node's VTEP.</param>
    /// <param name="context">All that outlives this network's rebuild.</param>
    /// <param name="inherited">The device's descriptors, of the overlayd that this one takes over from; null for none.</param>
    /// <exception cref="ConfigurationException">
    /// Configuration and host do not fit together; nothing is left.
    /// </exception>
    /// <exception cref="LinuxException">The kernel refused; nothing is left.</exception>
    public static OverlayNetwork Create(
        OverlayOptions options, UnderlayInterface underlay, VtepMacs macs, NetworkContext context,
        TunDescriptors? inherited = null)
    {
        OverlayMtu mtu = OverlayMtu.For(options, underlay);
        ILoggerFactory loggers = context.Loggers;
        Stack<Action> undo = new();
        try
        {
            RouteNetlink netlink = new();
            undo.Push(netlink.Dispose);
            OverlayDevice device = OverlayDevice.Create(
                netlink, options, mtu, context.Counters.Queues, inherited, context.Problems,
                loggers.CreateLogger<OverlayDevice>());
            undo.Push(device.Dispose);
            if (!context.IsGuest) undo.Push(device.RemoveFromKernel);
            DirectRoutes? directRoutes = options.Network.DirectRouting
                ? new(options, device.Name, context.Problems, fault =>
                    context.Failed("the direct routes", fault), loggers.CreateLogger<DirectRoutes>())
                : null;
            if (directRoutes is not null) undo.Push(directRoutes.Dispose);
            PacketFilter packetFilter =
                new(options, device.Name, context.Problems, loggers.CreateLogger<PacketFilter>(),
                    context.Counters.AddFilterRepair);
            OverlayNetwork network = new(options, underlay, context, netlink, device, directRoutes, packetFilter)
            {
                Vtep = new(options.Network.Vni, macs.Ipv4, options.Network.Port) { MacV6 = macs.Ipv6 },
                _mtu = mtu,
            };
            network.SetPodMtu(mtu.Pod);
            return network;
        }
        catch
        {
            while (undo.TryPop(out Action? step)) step();
            throw;
        }
    }

    /// <summary>Starts the workers and whatever keeps the kernel's state in repair, each on its thread.</summary>
    public void Start(IReadOnlyList<UdpUnderlay> sockets)
    {
        if (!IsAttached) Attach(sockets);
        _context.Counters.Tun.Begin(ReadDrops, ReadDrops());
        if (_directRoutes is not null) _context.Table.Add(_directRoutes);
        _packetFilter.Start();
        _responder = new ProbeResponder(
            OwnAddresses(_options), _context.Table, _context.Counters.Probes, _context.Problems,
            _context.Loggers.CreateLogger<ProbeResponder>());
        StartGuard();
    }

    /// <summary>Makes workers between the TUN and those sockets, which <see cref="Attach"/> has only to start then.</summary>
    public void Prepare(IReadOnlyList<UdpUnderlay> sockets) =>
        _prepared = QueueSet.Create(_device.Queues, sockets, _options.Dataplane, _context);

    /// <summary>Starts workers between the TUN and those sockets.</summary>
    public void Attach(IReadOnlyList<UdpUnderlay> sockets)
    {
        if (_prepared is null) Prepare(sockets);
        (_queues, _prepared) = (_prepared!, null);
        _queues.Start();
    }

    /// <summary>
    /// Ends the workers, so that the sockets can be replaced. What pods send meanwhile waits in the TUN.
    /// </summary>
    /// <exception cref="InvalidOperationException">A worker does not end.</exception>
    public void Detach() => Detach(leavesQueued: false);

    /// <summary>Ends the workers at once; what is queued waits for the next ones, in this process or another.</summary>
    /// <exception cref="InvalidOperationException">A worker does not end.</exception>
    public void Suspend() => Detach(leavesQueued: true);

    /// <summary>Takes another underlay MTU: device and routes follow.</summary>
    /// <exception cref="LinuxException">The kernel refused; may be called again.</exception>
    public void SetUnderlay(UnderlayInterface underlay, OverlayMtu mtu)
    {
        _guard?.Dispose();
        try
        {
            (_mtu, _underlay) = (mtu, underlay);
            SetPodMtu(mtu.Pod);
            _device.SetMtu(mtu);
        }
        finally
        {
            StartGuard();
        }
    }

    /// <summary>A plain route leads to that pod CIDR.</summary>
    public bool IsDirect(IpPrefix podCidr) => _directRoutes?.Contains(podCidr) == true;

    /// <summary>
    /// Ends the workers after they have passed on what was queued, and all repair. May be called again.
    /// </summary>
    public void Stop()
    {
        if (_isDisposed) return;
        _guard?.Dispose();
        _bridgeMtu.Withdraw();
        _responder?.Dispose();
        if (_directRoutes is not null) _context.Table.Remove(_directRoutes);
        _directRoutes?.Stop();
        _packetFilter.Stop();
        _queues.Stop();
        _context.Counters.Tun.End();
    }

    /// <summary>
    /// Takes out of the kernel all that would outlive the process, once <see cref="Stop"/> has ended its repair.
    /// </summary>
    public void RemoveFromKernel()
    {
        if (_isDisposed || _context.IsGuest) return;

        // A fault in one of them leaves nothing of the others behind.
        _ = _context.Problems.Guard.Try("the packet filter", () =>
        {
            ILogger logger = _context.Loggers.CreateLogger<PacketFilter>();
            foreach (string part in _packetFilter.RemoveFromKernel()) logger.PartStays(part);
        });
        if (_directRoutes is not null)
            _ = _context.Problems.Guard.Try("the direct routes", _directRoutes.RemoveFromKernel);
        _ = _context.Problems.Guard.Try("the device", _device.RemoveFromKernel);
    }

    /// <summary>
    /// Closes descriptors and ends threads. The TUN goes with its last descriptor, and with it its addresses and
    /// routes; all else stays.
    /// </summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        Stop();
        _isDisposed = true;
        _packetFilter.Dispose();
        _directRoutes?.Dispose();

        // A stuck worker's descriptors and memory stay, and go with the process.
        if (!_queues.IsStuck) _device.Dispose();
        _queues.Dispose();
        _prepared?.Dispose();
        _netlink.Dispose();
    }

    private void Detach(bool leavesQueued)
    {
        _queues.Stop(leavesQueued);
        if (_queues.IsStuck)
            throw new InvalidOperationException("a worker does not end, so its sockets cannot be replaced");
        _queues.Dispose();
        _queues = QueueSet.None;
    }

    private IReadOnlyList<uint> ReadDrops() =>
        DeviceStatistics.TransmitDrops(DeviceName) is { } drops ? [unchecked((uint)drops)] : [];

    private static IEnumerable<IpAddress> OwnAddresses(OverlayOptions options) =>
        options.PodCidrs.Select(static podCidr => podCidr.Address);

    private void SetPodMtu(int bytes) => _context.Table.SetLocal(new LocalEndpoint(Vtep, _underlay.Exit.Index, bytes));

    private void StartGuard() => _guard = new DeviceGuard(
        _device, _directRoutes, new WayCheck(_netlink, _options, _underlay, _context.Table, _context.Problems),
        SeeBridge, fault => _context.Failed("the device guard", fault),
        _context.Loggers.CreateLogger<DeviceGuard>());

    // The guard's own thread; one guard ends before the next begins.
    private void SeeBridge(LinkInfo? bridge)
    {
        _bridgeMtu.Look(bridge, _mtu.Pod);
        if (bridge is not null) SetPodMtu(Math.Min(bridge.Mtu, _mtu.Pod));
    }
}
