using System.Numerics;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Admin;
using Overlay.Daemon.Firewall;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Linux.Polling;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Workers;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Networks;

/// <summary>This node, assembled: what is made at start, in order, and taken apart in reverse at the end.</summary>
/// <remarks>
/// Reading down <see cref="Create"/> is reading how the daemon comes to be: address plan, sockets, device, workers.
/// Nothing runs before <see cref="Start"/>. When the underlay changes, <see cref="MoveTo"/> makes new what depends on
/// it, and pods keep their device, addresses and routes.
/// </remarks>
public sealed class OverlayNode : IDisposable
{
    private const string SoundPlan = "example: pods in 10.244.0.0/16, services in 10.96.0.0/12, nodes in 192.168.0.0/24";

    private readonly OverlayOptions _options;
    private readonly RouteNetlink _netlink;
    private readonly OverlayDevice _device;
    private readonly DirectRoutes? _directRoutes;
    private readonly PacketFilter _packetFilter;
    private readonly TablePublisher _publisher;
    private readonly ILogger<DeviceGuard> _guardLogger;
    private readonly List<QueueCounters> _counters = [];
    private readonly Offloads _offloads;
    private volatile QueueSet _queues;
    private volatile DeviceGuard? _guard;
    private volatile UnderlayInterface _underlay;
    private OverlayMtu _mtu;
    private Action _moved = static () => { };
    private Action<string, Exception> _failed = static (_, _) => { };
    private volatile bool _isClosed;
    private bool _isDisposed;

    private OverlayNode(
        OverlayOptions options, RouteNetlink netlink, UnderlayInterface underlay, OverlayDevice device, UdpSockets sockets, Vtep vtep,
        OverlayMtu mtu, DirectRoutes? directRoutes, PacketFilter packetFilter, TablePublisher publisher, ILoggerFactory loggers)
    {
        _options = options;
        _netlink = netlink;
        _device = device;
        _directRoutes = directRoutes;
        _packetFilter = packetFilter;
        _publisher = publisher;
        _guardLogger = loggers.CreateLogger<DeviceGuard>();
        _underlay = underlay;
        _mtu = mtu;
        Vtep = vtep;
        SetPodMtu(mtu.Pod);

        _offloads = options.Dataplane.Offloads & (device.Queues[0].Offloads | Offloads.UdpSend | Offloads.UdpReceive);
        for (int i = 0; i < device.Queues.Count; i++) _counters.Add(QueueCounters.For($"{i}"));
        Counters = new DataplaneCounters([.. _counters.SelectMany(static pair => new[] { pair.Egress, pair.Ingress })]);
        _queues = Queue(sockets);
    }

    /// <summary>What tunnels leave by now. Any thread may read it.</summary>
    public UnderlayInterface Underlay => _underlay;

    public Vtep Vtep { get; }

    public OverlayMtu Mtu => _mtu;

    public DataplaneCounters Counters { get; }

    public string DeviceName => _device.Name;

    /// <summary>How packets are worked on, as the kernel's answers have left it.</summary>
    public DataplaneReport DataplaneReport
    {
        get
        {
            QueueSet queues = _queues;
            int maxSegments = queues.MaxSegments;
            Offloads used = maxSegments > 1 ? _offloads : _offloads & ~Offloads.UdpSend;
            string[] names = [.. Enum.GetValues<Offloads>().Where(o => BitOperations.IsPow2((int)o) && used.HasFlag(o)).Select(o => o.ToString())];
            return new DataplaneReport(queues.Count, names, maxSegments);
        }
    }

    /// <summary>What on this host keeps pods' packets from flowing.</summary>
    public IReadOnlyList<string> Problems
    {
        get
        {
            List<string> problems = [.. _device.Problems];
            if (_guard?.Problem is { } underlay) problems.Add(underlay);
            else if (_isClosed) problems.Add($"the tunnels have no sockets until {Underlay.Link.Name} has an address they can be bound to: peers do not reach this node");
            return problems;
        }
    }

    /// <summary>The sockets went with an address, and there are no others yet: <see cref="MoveTo"/> is due.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>What on this host is not as it should be, while pods' packets flow.</summary>
    public IReadOnlyList<string> Warnings
    {
        get
        {
            IReadOnlyList<string> direct = [.. _packetFilter.Warnings, .. _directRoutes?.Problems ?? []];

            // Without direct routes of this node's own a peer may have one, and sends plainly.
            string? filter = _options.Subnet is null ? null : ReversePathFilter.Find(Underlay.Link.Name);
            return filter is null || direct.Contains(filter) ? direct : [.. direct, filter];
        }
    }

    /// <exception cref="ConfigurationException">Configuration and host do not fit together.</exception>
    /// <exception cref="LinuxException">The kernel refused something.</exception>
    public static OverlayNode Create(
        OverlayOptions options, UnderlayInterface underlay, VtepMacs vtepMacs, TablePublisher publisher, ILoggerFactory loggers)
    {
        Stack<IDisposable> made = new();
        try
        {
            RouteNetlink netlink = Made(new RouteNetlink());
            CheckPlan(options, underlay);
            OverlayMtu mtu = OverlayMtu.For(options, underlay);
            Vtep vtep = new(options.Network.Vni, vtepMacs.Ipv4, options.Network.Port) { MacV6 = vtepMacs.Ipv6 };
            int queues = QueueCount(options.Dataplane);
            UdpSockets sockets = Made(UdpSockets.Open(queues, underlay.Ipv4, underlay.Ipv6, vtep.Port, options.Dataplane.Offloads));
            OverlayDevice device = Made(OverlayDevice.Create(netlink, options, mtu, queues, loggers.CreateLogger<OverlayDevice>()));
            DirectRoutes? directRoutes = options.Network.DirectRouting ? Made(new DirectRoutes(options, device.Name, loggers.CreateLogger<DirectRoutes>())) : null;
            PacketFilter packetFilter = Made(new PacketFilter(options, device.Name, loggers.CreateLogger<PacketFilter>()));
            return new OverlayNode(options, netlink, underlay, device, sockets, vtep, mtu, directRoutes, packetFilter, publisher, loggers);
        }
        catch
        {
            while (made.TryPop(out IDisposable? resource)) resource.Dispose();
            throw;
        }

        T Made<T>(T resource)
            where T : IDisposable
        {
            made.Push(resource);
            return resource;
        }
    }

    /// <summary>The prefixes that must not meet, from the configuration and from the underlay.</summary>
    public static AddressPlan PlanOf(OverlayOptions options, UnderlayInterface underlay) => new()
    {
        Names = RangeKeys.Names,
        ClusterCidr = options.Network.Cidr,
        ClusterCidrV6 = options.Network.CidrV6,
        Subnet = options.Subnet,
        SubnetV6 = options.SubnetV6,
        ServiceCidrs = options.ServiceCidrs,
        UnderlayNetworks = underlay.Networks,
    };

    /// <exception cref="ConfigurationException">Prefixes meet that must not.</exception>
    public static void CheckPlan(OverlayOptions options, UnderlayInterface underlay)
    {
        IReadOnlyList<string> violations = PlanOf(options, underlay).Check();
        if (violations.Count > 0) throw new ConfigurationException([.. violations.Select(violation => $"{violation}; {SoundPlan}")]);
    }

    /// <summary>What this node announces to the others.</summary>
    public Lease LeaseOf(OverlayOptions options)
    {
        return new Lease
        {
            Node = options.NodeName,
            Subnet = options.Subnet,
            SubnetV6 = options.SubnetV6,
            PublicIp = Underlay.PublicIp(options),
            PublicIpV6 = Underlay.PublicIpV6(options),
            BackendData = Underlay.Ipv4 is null ? null : new VtepData(Vtep.Vni, Vtep.Mac),
            BackendV6Data = Underlay.Ipv6 is null ? null : new VtepData(Vtep.Vni, Vtep.MacV6),
        };
    }

    /// <summary>Starts the workers and the guard, each on its thread.</summary>
    /// <param name="moved">Called when the underlay is another than before: <see cref="MoveTo"/> is due, on another thread.</param>
    /// <param name="failed">Called when one of them cannot go on, with its name and the reason.</param>
    public void Start(Action moved, Action<string, Exception> failed)
    {
        (_moved, _failed) = (moved, failed);
        _queues.Start(failed);
        _packetFilter.Start();
        StartGuard();
    }

    /// <summary>Takes another underlay address or MTU: device, addresses and routes of the pods stay.</summary>
    /// <exception cref="ConfigurationException">The underlay does not fit the configuration; all is as it was.</exception>
    /// <exception cref="LinuxException">The address is gone already: to be called again, for nothing is forwarded until then.</exception>
    public void MoveTo(UnderlayInterface underlay)
    {
        CheckPlan(_options, underlay);
        OverlayMtu mtu = OverlayMtu.For(_options, underlay);
        StopGuard();
        try
        {
            if (!underlay.Addresses.SequenceEqual(_underlay.Addresses) || _isClosed) Reopen(underlay);
            _underlay = underlay;
            _mtu = mtu;
            SetPodMtu(mtu.Pod);
            _device.SetMtu(mtu);
        }
        finally
        {
            StartGuard();
        }
    }

    /// <summary>The peers have changed: whether a plain route leads to them is decided anew.</summary>
    public void Follow(PeersSnapshot peers) => _directRoutes?.Follow(peers);

    /// <summary>A plain route leads to that pod CIDR.</summary>
    public bool IsDirect(IpPrefix podCidr) => _directRoutes?.Contains(podCidr) == true;

    /// <summary>Ends the workers after they have passed on what was queued; nothing to do where <see cref="Start"/> was not called.</summary>
    public void Stop()
    {
        if (_isDisposed) return;
        _guard?.Stop();
        _packetFilter.Stop();
        if (!_isClosed) _queues.Stop();
    }

    /// <summary>Removes from the kernel all that <see cref="Create"/> put there. May be called again.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _guard?.Dispose();
        _packetFilter.Dispose();
        _directRoutes?.Dispose();

        // A stuck worker's descriptors and memory stay, and go with the process.
        if (_queues.IsStuck) _device.RemoveBlackholes();
        else _device.Dispose();
        if (!_isClosed) _queues.Dispose();
        _netlink.Dispose();
    }

    // A worker keeps one processor busy at most, and as many are left for the pods that cause its work.
    private static int QueueCount(DataplaneOptions options) =>
        options.Queues > 0 ? options.Queues : Math.Max(1, Environment.ProcessorCount / 2);

    private QueueSet Queue(UdpSockets sockets)
    {
        List<QueueReadiness> readiness = [];
        List<QueueWorker> workers = [];
        for (int i = 0; i < sockets.Count; i++)
        {
            (TunDevice tun, UdpUnderlay socket) = (_device.Queues[i], sockets[i]);
            readiness.Add(new QueueReadiness(tun, socket, _options.Dataplane.BusyPoll));
            workers.Add(new QueueWorker($"overlay-{i}", tun, socket, readiness[i], _publisher, _counters[i]));
        }

        return new QueueSet(sockets, readiness, workers, _options.Dataplane.PinWorkers);
    }

    // An address that stays has its port, so the old sockets go first. What pods send meanwhile waits in the TUN.
    private void Reopen(UnderlayInterface underlay)
    {
        if (!_isClosed)
        {
            _queues.Stop();
            if (_queues.IsStuck) throw new InvalidOperationException("a worker does not end, so its sockets cannot be replaced");
            _queues.Dispose();
            _isClosed = true;
        }

        _queues = Queue(UdpSockets.Open(_device.Queues.Count, underlay.Ipv4, underlay.Ipv6, Vtep.Port, _options.Dataplane.Offloads));
        _isClosed = false;
        _queues.Start(_failed);
    }

    private void SetPodMtu(int bytes) => _publisher.SetLocal(new LocalEndpoint(Vtep, _underlay.Link.Index, bytes));

    private void StartGuard()
    {
        UnderlayWatch watch = new(_netlink, _options, _underlay, _moved, _guardLogger);
        _guard = new DeviceGuard(
            _device, watch, _directRoutes, mtu => SetPodMtu(Math.Min(mtu, _mtu.Pod)), fault => _failed("the device guard", fault), _guardLogger);
        _guard.Start();
    }

    private void StopGuard()
    {
        _guard?.Stop();
        _guard?.Dispose();
    }
}
