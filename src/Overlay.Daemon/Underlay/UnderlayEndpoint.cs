using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Underlay;

/// <summary>
/// This host's end of all tunnels: the sockets, the interface with the addresses they are bound to, and the watch over
/// it.
/// </summary>
/// <remarks>One a daemon, whatever the networks are. Changed by one thread at a time; any thread may read it.</remarks>
internal sealed class UnderlayEndpoint : IDisposable
{
    private const string Key = "underlay";
    private const string FilterKey = "reverse-path filter";

    private readonly RouteNetlink _netlink = new();
    private readonly ProblemBoard _problems;
    private readonly UnderlayWait _wait;
    private readonly KernelDrops _drops;
    private readonly KernelQueue _queue;
    private readonly ILogger<UnderlayEndpoint> _logger;
    private readonly int _queues;
    private volatile EndpointState _state;
    private volatile bool _receives;
    private KernelWatch? _watch;
    private volatile string? _lost;

    /// <summary>Binds the sockets; nothing is watched yet.</summary>
    /// <param name="options">Port, queues and offloads.</param>
    /// <param name="underlay">The interface that the tunnels leave by.</param>
    /// <param name="problems">Gets what peers cannot reach this node for.</param>
    /// <param name="wait">The patience with an interface that has lost its address.</param>
    /// <param name="drops">Counts what the kernel drops at the sockets.</param>
    /// <param name="queue">Knows what waits at them.</param>
    /// <param name="inherited">Sockets of the overlayd that this one takes over from; null for none.</param>
    /// <param name="receives">Tunnels end at the sockets; else the kernel has the port for this node already.</param>
    /// <param name="logger">Logs what the sockets are bound to.</param>
    /// <exception cref="LinuxException">The kernel refused; nothing is left open.</exception>
    public UnderlayEndpoint(
        OverlayOptions options, UnderlayInterface underlay, ProblemBoard problems, UnderlayWait wait,
        KernelDrops drops, KernelQueue queue, UdpDescriptors? inherited, bool receives,
        ILogger<UnderlayEndpoint> logger)
    {
        _receives = receives;
        _problems = problems;
        _wait = wait;
        _drops = drops;
        _queue = queue;
        _logger = logger;
        _queues = QueueCount(options.Dataplane);
        _state = new EndpointState.Closed(underlay);
        try
        {
            // A refusal ends the start with its own message, and is no problem of a node that runs.
            if (inherited is null) OpenSockets(options, underlay);
            else AdoptSockets(inherited, options, underlay);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The interface, with its addresses and MTU, that tunnels end at; the last one while none does.</summary>
    public UnderlayInterface Interface => _state.Interface;

    /// <summary>One for each queue; none while <see cref="IsOpen"/> is false.</summary>
    public IReadOnlyList<UdpUnderlay> Sockets => _state is EndpointState.Open open ? open.Sockets : [];

    /// <summary>The sockets' descriptors, for another process; null while none is open, or none receives.</summary>
    public UdpDescriptors? Descriptors => _receives ? (_state as EndpointState.Open)?.Sockets.Descriptors : null;

    /// <summary>Packets come and go; else <see cref="Bind"/> is due.</summary>
    public bool IsOpen => _state is EndpointState.Open;

    /// <summary>
    /// A worker keeps one processor busy at most, and as many are left for the pods that cause its work.
    /// </summary>
    public static int QueueCount(DataplaneOptions options) =>
        options.Queues > 0 ? options.Queues : Math.Clamp(Environment.ProcessorCount / 2, 1, DataplaneOptions.MostQueues);

    /// <summary>
    /// The sockets would stay as they are; else no worker may use them while <see cref="Bind"/> runs.
    /// </summary>
    public bool IsBoundTo(OverlayOptions options, UnderlayInterface underlay) =>
        _state is EndpointState.Open open && open.IsFor(underlay, options.Network.Port);

    /// <summary>
    /// Takes another underlay, or what is new of the same; sockets are replaced only where address or port are others.
    /// </summary>
    /// <exception cref="LinuxException">
    /// The address cannot be bound to: to be called again, for there are no sockets until then.
    /// </exception>
    public void Bind(OverlayOptions options, UnderlayInterface underlay)
    {
        if (_state is EndpointState.Open open && open.IsFor(underlay, options.Network.Port))
        {
            _state = open with { Interface = underlay };
            return;
        }

        // An address that stays has its port, so the old sockets go first.
        CloseSockets();
        try
        {
            OpenSockets(options, underlay);
        }
        finally
        {
            Report();
        }
    }

    /// <summary>Tunnels end at the sockets; else in the kernel.</summary>
    public bool Receives => _receives;

    /// <summary>Bytes that wait at the receiving sockets.</summary>
    public long QueuedBytes => (_state as EndpointState.Open)?.Sockets.ReadQueuedBytes() ?? 0;

    /// <summary>
    /// Has the kernel join no more datagrams: a train of them cannot be handed over. Until <see cref="Receive"/>.
    /// </summary>
    public void StopJoining() => (_state as EndpointState.Open)?.Sockets.StopJoining();

    /// <summary>
    /// Closes the receiving sockets, so that the kernel can have the port. No worker may use them meanwhile, here and in
    /// <see cref="Receive"/>.
    /// </summary>
    public void StopReceiving()
    {
        _receives = false;
        if (_state is not EndpointState.Open open) return;
        _drops.End();
        _queue.End();
        open.Sockets.CloseReceivers();
    }

    /// <summary>Opens the receiving sockets again.</summary>
    /// <exception cref="LinuxException">The port is taken.</exception>
    public void Receive()
    {
        if (_receives) return;
        if (_state is not EndpointState.Open open)
        {
            _receives = true;
            return;
        }

        // Others read the sockets' figures at any time.
        _drops.End();
        _queue.End();
        open.Sockets.OpenReceivers();
        _receives = true;
        Begin(open.Sockets, [], open.Port, open.Interface);
    }

    /// <summary>Begins to watch the interface.</summary>
    /// <param name="options">The options that the underlay was found by.</param>
    /// <param name="moved">
    /// Called when the underlay is another than before: <see cref="Bind"/> is due, on another thread.
    /// </param>
    /// <param name="failed">Called when the watch cannot go on.</param>
    public void Watch(OverlayOptions options, Action moved, Action<Exception> failed)
    {
        EndWatch();
        UnderlayWatch watch = new(_netlink, options, Interface, moved, Lost);
        _watch = new KernelWatch("underlay-watch", Look, failed);

        bool Look()
        {
            // Without direct routes of this node's own a peer may have one, and sends plainly.
            string? filter = options.Subnet is null ? null : ReversePathFilter.Find(Interface.Exit.Name);
            _problems.Report(FilterKey, ProblemSeverity.Warning, filter is null ? [] : [filter]);
            return watch.Look();
        }
    }

    /// <summary>Ends the watch; no callback comes after this returns.</summary>
    public void EndWatch()
    {
        _watch?.Dispose();
        _watch = null;
        _lost = null;
        Report();
    }

    /// <summary>The underlay as it is now; waits while it has nothing that tunnels could be bound to.</summary>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public Task<UnderlayInterface> FindAsync(OverlayOptions options, CancellationToken cancellationToken) =>
        _wait.ForAsync(
            () => Find(options) is { } underlay
                ? new UnderlayFinding.Found(underlay)
                : new UnderlayFinding.Missing($"{Interface.Link.Name} to have an address that tunnels can end at"),
            cancellationToken);

    /// <summary>Closes the sockets. The kernel keeps nothing of them.</summary>
    public void Dispose()
    {
        EndWatch();
        CloseSockets();
        _problems.Report(Key, ProblemSeverity.Problem);
        _problems.Report(FilterKey, ProblemSeverity.Warning);
        _netlink.Dispose();
    }

    private void CloseSockets()
    {
        if (_state is not EndpointState.Open open) return;
        _state = new EndpointState.Closed(open.Interface);
        _drops.End();
        _queue.End();
        open.Sockets.Dispose();
    }

    private void Lost(string? problem)
    {
        if (_lost is not null && problem is null) _logger.AddressesAreBack(Interface.Link.Name);
        _lost = problem;
        Report();
    }

    private void OpenSockets(OverlayOptions options, UnderlayInterface underlay)
    {
        ushort port = options.Network.Port;
        Begin(
            UdpSockets.Open(_queues, underlay.Ipv4, underlay.Ipv6, port, options.Dataplane.Offloads, _receives), [], port,
            underlay);
        _logger.TunnelsAreBound(underlay.Addresses, port);
    }

    private void AdoptSockets(UdpDescriptors inherited, OverlayOptions options, UnderlayInterface underlay)
    {
        UdpSockets sockets = UdpSockets.Adopt(inherited, options.Dataplane.Offloads);
        Begin(sockets, sockets.ReadDrops(), options.Network.Port, underlay);
    }

    private void Begin(UdpSockets sockets, IReadOnlyList<uint> dropped, ushort port, UnderlayInterface underlay)
    {
        if (_receives)
        {
            _drops.Begin(sockets.ReadDrops, dropped);
            _queue.Begin(sockets.ReadQueuedBytes);
        }

        _state = new EndpointState.Open(sockets, port, underlay);
    }

    private void Report() => _problems.Report(Key, ProblemSeverity.Problem, (_lost, _state) switch
    {
        ({ } lost, _) => [lost],
        (_, EndpointState.Closed closed) =>
            [$"the tunnels have no sockets until {closed.Interface.Link.Name} has an address they can be bound to: "
                + "peers do not reach this node"],
        _ => [],
    });

    // An address that is about to go, or to come, cannot be bound to.
    private UnderlayInterface? Find(OverlayOptions options)
    {
        using RouteNetlink netlink = new();
        if (UnderlayDiscovery.FindAgain(netlink, options, Interface) is not { } underlay) return null;
        IReadOnlyList<AddressInfo> addresses = netlink.GetAddresses();
        bool isBindable = underlay.Addresses.All(address => addresses.Any(a => a.Address == address && !a.IsTentative));
        return isBindable ? underlay : null;
    }
}
