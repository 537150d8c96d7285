using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Tiers;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Host.Interop;

namespace Overlay.Daemon.Lifecycle;

/// <summary>
/// This node: its end of the tunnels and its network. It is moved and made anew inside the running process; its VTEP
/// MACs stay.
/// </summary>
/// <remarks>Changed by one thread at a time; any thread may read it.</remarks>
internal sealed class LocalNode : IDisposable
{
    private static readonly TimeSpan _lookPause = TimeSpan.FromSeconds(1);

    private readonly UnderlayEndpoint _underlay;
    private readonly KernelTier _tier;
    private readonly VtepMacs _macs;
    private readonly NetworkContext _context;
    private readonly Action _moved;
    private readonly ILogger<LocalNode> _logger;
    private volatile Form _form;

    /// <summary>Makes sockets, device and all that the kernel keeps. Nothing is forwarded yet.</summary>
    /// <param name="plan">The node as it is to be.</param>
    /// <param name="macs">Of its VTEP.</param>
    /// <param name="context">All that outlives a rebuild of its network.</param>
    /// <param name="moved">
    /// Called when the underlay is another than before: <see cref="MoveAsync"/> is due, on another thread.
    /// </param>
    /// <param name="inherited">The open device and sockets of the overlayd that this one takes over from; null for none.</param>
    /// <param name="former">The network whose place it takes, which goes when this one stands; null for none.</param>
    /// <exception cref="ConfigurationException">
    /// Configuration and host do not fit together; nothing is left.
    /// </exception>
    /// <exception cref="LinuxException">The kernel refused; nothing is left.</exception>
    public LocalNode(
        NodePlan plan, VtepMacs macs, NetworkContext context, Action moved, InheritedNode? inherited = null,
        FormerFlannel? former = null)
    {
        (_macs, _context, _moved) = (macs, context, moved);
        _logger = context.Loggers.CreateLogger<LocalNode>();
        NodeAddressPlan.Check(plan.Options, plan.Underlay);
        _ = OverlayMtu.For(plan.Options, plan.Underlay);
        _tier = new KernelTier(plan.Options, plan.Underlay, context, moved);

        // Sockets first, as a rule: another overlayd that has the port is not disturbed. A device of flannel's has the
        // port for as long as it is there, and it is to go only once this network stands.
        OverlayNetwork? network = former?.IsLeft() == true ? MakeNetwork(plan.Options, plan.Underlay) : null;
        try
        {
            if (network is not null) former!.Remove();
            _underlay = new UnderlayEndpoint(
                plan.Options, plan.Underlay, context.Problems, context.UnderlayWait, context.Counters.Sockets,
                context.Counters.SocketQueue, inherited?.Sockets, receives: inherited is not null || !_tier.HasPort,
                context.Loggers.CreateLogger<UnderlayEndpoint>());
            network ??= MakeNetwork(plan.Options, plan.Underlay, inherited?.Tun);
            _form = new Form(plan.Options, network);
        }
        catch
        {
            _underlay?.Dispose();
            network?.RemoveFromKernel();
            network?.Dispose();
            throw;
        }
    }

    /// <summary>The configuration with all that the store gave.</summary>
    public OverlayOptions Options => _form.Options;

    public OverlayNetwork Network => _form.Network;

    /// <summary>The tier that forwards packets.</summary>
    public TierUse Tier => _tier.Use;

    /// <summary>The interface that the tunnels leave by now.</summary>
    public UnderlayInterface Underlay => _underlay.Interface;

    /// <summary>Tunnels have sockets.</summary>
    public bool IsOpen => _underlay.IsOpen;

    /// <summary>The lease that this node announces.</summary>
    public Lease Own => OwnLease.Of(Options, Underlay, Network.Vtep);

    /// <summary>The plan that peers are measured against.</summary>
    public AddressPlan Plan => NodeAddressPlan.Of(Options, Underlay);

    /// <summary>Device and sockets, for another process; null while the tunnels have no sockets.</summary>
    public InheritedNode? Descriptors =>
        _underlay.Descriptors is { } sockets ? new InheritedNode(Network.Descriptors, sockets) : null;

    /// <summary>Makes the workers, so that <see cref="Start"/> has only to start them.</summary>
    public void Prepare() => Network.Prepare(_underlay.Sockets);

    /// <summary>
    /// Ends the workers; what arrives waits in device and sockets for <see cref="Resume"/>, or another process.
    /// </summary>
    /// <exception cref="InvalidOperationException">A worker does not end.</exception>
    public void Suspend() => Network.Suspend();

    /// <summary>Starts workers again.</summary>
    public void Resume() => Network.Attach(_underlay.Sockets);

    /// <summary>Starts the workers and all watches, each on its thread.</summary>
    public void Start()
    {
        Network.Start(_underlay.Sockets);
        Watch();
    }

    /// <summary>
    /// Has the kernel's tier forward packets, or workers, as the configuration wants it. Once workers run, and nobody else
    /// uses the sockets.
    /// </summary>
    /// <exception cref="LinuxException">Neither the kernel nor the sockets can have the port.</exception>
    public void SettleTier() => _tier.Settle(Options, Network, _underlay);

    /// <inheritdoc cref="KernelTier.Check"/>
    public void CheckTier() => _tier.Check();

    /// <summary>The underlay as it is now; waits while it has nothing that tunnels could be bound to.</summary>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public Task<UnderlayInterface> FindUnderlayAsync(CancellationToken cancellationToken) =>
        _underlay.FindAsync(Options, cancellationToken);

    /// <summary>Follows the underlay to the address and MTU it has now, however often that takes.</summary>
    /// <exception cref="ConfigurationException">
    /// The underlay does not fit the configuration; all is as it was.
    /// </exception>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public async Task MoveAsync(CancellationToken cancellationToken)
    {
        HashSet<string> logged = new(StringComparer.Ordinal);
        while (true)
        {
            UnderlayInterface underlay = await FindUnderlayAsync(cancellationToken);
            try
            {
                MoveTo(underlay);
                return;
            }
            catch (Exception exception)
                when (exception is LinuxException || (exception is ConfigurationException && !IsOpen))
            {
                // Gone again already, or not usable yet: what is there a moment later counts.
                if (logged.Add(exception.Message))
                    _logger.CannotMoveYet(string.Join(" and ", underlay.Addresses), exception.Message);
                await Task.Delay(_lookPause, cancellationToken);
            }
        }
    }

    /// <summary>Takes another underlay address or MTU: device, addresses and routes of the pods stay.</summary>
    /// <exception cref="ConfigurationException">
    /// The underlay does not fit the configuration; all is as it was.
    /// </exception>
    /// <exception cref="LinuxException">
    /// The address is gone already: to be called again, for nothing is forwarded until then.
    /// </exception>
    public void MoveTo(UnderlayInterface underlay)
    {
        NodeAddressPlan.Check(Options, underlay);
        OverlayMtu mtu = OverlayMtu.For(Options, underlay);
        bool keepsSockets = _underlay.IsBoundTo(Options, underlay) && Network.IsAttached;
        _underlay.EndWatch();
        try
        {
            if (!keepsSockets) Network.Detach();
            _underlay.Bind(Options, underlay);
            if (!keepsSockets) Network.Attach(_underlay.Sockets);
            Network.SetUnderlay(underlay, mtu);
            _tier.SetUnderlay(Options, underlay);
        }
        finally
        {
            Watch();
        }
    }

    /// <summary>
    /// Takes the network apart and makes it anew by other options; not started yet. Where that cannot be, it is made as
    /// it was.
    /// </summary>
    /// <param name="options">The other options.</param>
    /// <param name="underlay">
    /// As <see cref="FindUnderlayAsync"/> has found it: there is no way back to a node without an underlay.
    /// </param>
    /// <exception cref="ConfigurationException">
    /// Options and host do not fit together; the node is made as it was.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The node cannot even be made as it was, and there is none.
    /// </exception>
    public void Rebuild(OverlayOptions options, UnderlayInterface underlay)
    {
        OverlayOptions before = Options;
        _underlay.EndWatch();
        Network.Stop();
        LeaveTier();
        Network.RemoveFromKernel();
        Network.Dispose();
        if (Network.IsStuck) throw new InvalidOperationException("the node cannot be made anew: a worker does not end");
        try
        {
            Make(options, underlay);
        }
        catch (Exception exception) when (exception is ConfigurationException or LinuxException)
        {
            Restore(before, underlay);
            throw new ConfigurationException(exception.Message);
        }
    }

    /// <summary>
    /// Ends watches and workers, these after they have passed on what was queued. The kernel's state stays.
    /// </summary>
    public void Stop()
    {
        _underlay.EndWatch();
        Network.Stop();
    }

    /// <summary>Takes out of the kernel all that would outlive the process.</summary>
    public void RemoveFromKernel()
    {
        if (!_context.IsGuest) _tier.RemoveFromKernel(Options, Underlay);
        Network.RemoveFromKernel();
    }

    /// <summary>
    /// Closes descriptors and ends threads; what <see cref="RemoveFromKernel"/> has not taken out stays.
    /// </summary>
    public void Dispose()
    {
        _underlay.EndWatch();
        _tier.Dispose();
        Network.Dispose();

        // A stuck worker still uses the sockets, and they go with the process.
        if (!Network.IsStuck) _underlay.Dispose();
    }

    // Its device is about to go.
    private void LeaveTier()
    {
        _tier.RemoveFromKernel(Options, Underlay);
        _underlay.Receive();
    }

    private void Watch() => _underlay.Watch(Options, _moved, fault => _context.Failed("the underlay watch", fault));

    private void Make(OverlayOptions options, UnderlayInterface underlay)
    {
        _underlay.Bind(options, underlay);
        _form = new Form(options, MakeNetwork(options, underlay));
    }

    private OverlayNetwork MakeNetwork(
        OverlayOptions options, UnderlayInterface underlay, TunDescriptors? inherited = null) =>
        OverlayNetwork.Create(options, underlay, _macs, _context, inherited);

    private void Restore(OverlayOptions before, UnderlayInterface underlay)
    {
        try
        {
            Make(before, underlay);
        }
        catch (Exception exception) when (exception is ConfigurationException or LinuxException)
        {
            throw new InvalidOperationException(
                $"the node cannot be made anew, and not as it was either: {exception.Message}", exception);
        }
    }

    private sealed record Form(OverlayOptions Options, OverlayNetwork Network);
}
