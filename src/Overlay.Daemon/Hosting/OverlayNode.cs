using System.Numerics;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane;
using Overlay.Dataplane;
using Overlay.Linux;
using Overlay.Wire;

namespace Overlay.Daemon;

/// <summary>This node, assembled: what is made at start, in order, and taken apart in reverse at the end.</summary>
/// <remarks>
/// Reading down <see cref="Create"/> is reading how the daemon comes to be: underlay, address plan, sockets, device,
/// workers. Nothing runs before <see cref="Start"/>.
/// </remarks>
public sealed class OverlayNode : IDisposable
{
    private const string SoundPlan = "example: pods in 10.244.0.0/16, services in 10.96.0.0/12, nodes in 192.168.0.0/24";

    private static readonly TimeSpan _drainTime = TimeSpan.FromSeconds(2);

    private readonly RouteNetlink _netlink;
    private readonly OverlayDevice _device;
    private readonly IReadOnlyList<UdpUnderlay> _sockets;
    private readonly Decapsulator _decapsulator;
    private readonly ILogger<DeviceGuard> _guardLogger;
    private readonly List<WorkerThread> _threads = [];
    private readonly List<QueueReadiness> _readiness = [];
    private readonly List<IWorker> _workers = [];
    private readonly bool _isPinned;
    private readonly Offloads _offloads;
    private DeviceGuard? _guard;
    private bool _isDisposed;
    private bool _isStuck;

    private OverlayNode(
        RouteNetlink netlink, UnderlayInterface underlay, OverlayDevice device, IReadOnlyList<UdpUnderlay> sockets, Vtep vtep, OverlayMtu mtu,
        DataplaneOptions dataplane, TablePublisher publisher, ILoggerFactory loggers)
    {
        _netlink = netlink;
        _device = device;
        _sockets = sockets;
        _decapsulator = new Decapsulator(vtep, mtu.Pod);
        _guardLogger = loggers.CreateLogger<DeviceGuard>();
        Underlay = underlay;
        Vtep = vtep;
        Mtu = mtu;

        _isPinned = dataplane.PinWorkers;
        _offloads = dataplane.Offloads & (device.Queues[0].Offloads | Offloads.UdpSend | Offloads.UdpReceive);
        List<WorkerCounters> counters = [];
        foreach ((TunDevice tun, UdpUnderlay socket) in device.Queues.Zip(sockets))
        {
            WorkerCounters egress = new($"egress-{_workers.Count}", Direction.Egress);
            WorkerCounters ingress = new($"ingress-{_workers.Count}", Direction.Ingress);
            Coalescer coalescer = new(tun.Offloads.HasFlag(Offloads.TunTcp), tun.Offloads.HasFlag(Offloads.TunUdp));
            QueueReadiness readiness = new(tun, socket, dataplane.BusyPoll);
            _readiness.Add(readiness);
            _workers.Add(new QueueWorker(
                $"overlay-{_workers.Count}",
                new EgressWorker(tun, new Encapsulator(vtep), socket, publisher, egress),
                new IngressWorker(socket, _decapsulator, coalescer, tun, publisher, ingress),
                readiness));
            counters.AddRange([egress, ingress]);
        }

        Counters = new DataplaneCounters(counters);
    }

    public UnderlayInterface Underlay { get; }

    public Vtep Vtep { get; }

    public OverlayMtu Mtu { get; }

    public DataplaneCounters Counters { get; }

    public string DeviceName => _device.Name;

    /// <summary>How packets are worked on, as the kernel's answers have left it.</summary>
    public DataplaneReport DataplaneReport
    {
        get
        {
            int maxSegments = _sockets.Min(socket => socket.MaxSegments);
            Offloads used = maxSegments > 1 ? _offloads : _offloads & ~Offloads.UdpSend;
            string[] names = [.. Enum.GetValues<Offloads>().Where(o => BitOperations.IsPow2((int)o) && used.HasFlag(o)).Select(o => o.ToString())];
            return new DataplaneReport(_sockets.Count, names, maxSegments);
        }
    }

    /// <summary>What on this host keeps pods' packets from flowing.</summary>
    public IReadOnlyList<string> Problems => _device.Problems;

    /// <exception cref="ConfigurationException">Configuration and host do not fit together.</exception>
    /// <exception cref="LinuxException">The kernel refused something.</exception>
    public static OverlayNode Create(
        OverlayOptions options, Func<UnderlayInterface, MacAddress> vtepMac, TablePublisher publisher, ILoggerFactory loggers)
    {
        Stack<IDisposable> made = new();
        try
        {
            RouteNetlink netlink = Made(new RouteNetlink());
            UnderlayInterface underlay = UnderlayDiscovery.Find(netlink, options);
            IReadOnlyList<string> violations = PlanOf(options, underlay).Check();
            if (violations.Count > 0)
                throw new ConfigurationException([.. violations.Select(violation => $"{violation}; {SoundPlan}")]);
            OverlayMtu mtu = OverlayMtu.For(options, underlay);
            Vtep vtep = new(options.Network.Vni, vtepMac(underlay), options.Network.Port);
            int queues = QueueCount(options.Dataplane);
            IReadOnlyList<UdpUnderlay> sockets = UdpUnderlay.OpenQueues(queues, underlay.Ipv4, underlay.Ipv6, vtep.Port, options.Dataplane.Offloads);
            foreach (UdpUnderlay socket in sockets) _ = Made(socket);
            OverlayDevice device = Made(OverlayDevice.Create(netlink, options, mtu, queues, loggers.CreateLogger<OverlayDevice>()));
            return new OverlayNode(netlink, underlay, device, sockets, vtep, mtu, options.Dataplane, publisher, loggers);
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
        ClusterCidr = options.Network.Cidr,
        ClusterCidrV6 = options.Network.CidrV6,
        Subnet = options.Subnet,
        SubnetV6 = options.SubnetV6,
        ServiceCidrs = options.ServiceCidrs,
        UnderlayNetworks = underlay.Networks,
    };

    /// <summary>What this node announces to the others.</summary>
    public Lease LeaseOf(OverlayOptions options)
    {
        VtepData data = new(Vtep.Vni, Vtep.Mac);
        return new Lease
        {
            Node = options.NodeName,
            Subnet = options.Subnet,
            SubnetV6 = options.SubnetV6,
            PublicIp = Underlay.Ipv4 is { } ipv4 ? options.PublicIp ?? ipv4 : null,
            PublicIpV6 = Underlay.Ipv6 is { } ipv6 ? options.PublicIpV6 ?? ipv6 : null,
            BackendData = Underlay.Ipv4 is null ? null : data,
            BackendV6Data = Underlay.Ipv6 is null ? null : data,
        };
    }

    /// <summary>Starts the workers and the guard, each on its thread.</summary>
    /// <param name="failed">Called when one of them cannot go on, with its name and the reason.</param>
    public void Start(Action<string, Exception> failed)
    {
        for (int i = 0; i < _workers.Count; i++)
        {
            int processor = i % Environment.ProcessorCount;
            _threads.Add(new WorkerThread(_workers[i], _isPinned ? () => ThreadAffinity.PinTo(processor) : null, Ended));
        }

        foreach (WorkerThread thread in _threads) thread.Start();
        _guard = new DeviceGuard(
            _netlink, _device, Underlay, mtu => _decapsulator.PodMtu = Math.Min(mtu, Mtu.Pod), fault => failed("the underlay", fault), _guardLogger);
        _guard.Start();

        void Ended(IWorker worker, Exception? fault)
        {
            if (fault is not null) failed(worker.Name, fault);
        }
    }

    /// <summary>Ends the workers after they have passed on what was queued; nothing to do where <see cref="Start"/> was not called.</summary>
    public void Stop()
    {
        _guard?.Stop();
        foreach (QueueReadiness readiness in _readiness) readiness.Interrupt();
        foreach (WorkerThread thread in _threads) _isStuck |= !thread.Join(_drainTime);
    }

    // A worker keeps one processor busy at most, and as many are left for the pods that cause its work.
    private static int QueueCount(DataplaneOptions options) =>
        options.Queues > 0 ? options.Queues : Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Removes from the kernel all that <see cref="Create"/> put there. May be called again.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _guard?.Dispose();
        if (_isStuck)
        {
            // A worker is still in a system call: its descriptors and its memory stay, and go with the process.
            _device.RemoveBlackholes();
        }
        else
        {
            _device.Dispose();
            foreach (UdpUnderlay socket in _sockets) socket.Dispose();
            foreach (QueueReadiness readiness in _readiness) readiness.Dispose();
        }

        _netlink.Dispose();
    }
}
