using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane;
using Overlay.Dataplane;
using Overlay.Wire;

namespace Overlay.Daemon;

/// <summary>The daemon's life: node made, leases read, workers running, own lease published; the reverse at the end.</summary>
/// <remarks>
/// It begins when the admin socket answers already, and ends before that does. Workers start behind the first table,
/// else a restart would drop what peers already send.
/// </remarks>
public sealed class OverlayService : LifecycleService, IAsyncDisposable
{
    private readonly OverlayOptions _options;
    private readonly ILeaseSource _source;
    private readonly TablePublisher _publisher;
    private readonly ProcessOutcome _outcome;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<OverlayService> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly WithdrawnClaimStore _withdrawn;
    private Task? _following;
    private Lease? _own;
    private bool _isDown;

    public OverlayService(
        OverlayOptions options, ILeaseSource source, TablePublisher publisher, ProcessOutcome outcome,
        IHostApplicationLifetime lifetime, ILoggerFactory loggers)
    {
        _options = options;
        _source = source;
        _publisher = publisher;
        _outcome = outcome;
        _lifetime = lifetime;
        _loggers = loggers;
        _logger = loggers.CreateLogger<OverlayService>();
        _withdrawn = new(options.StateDirectory, TimeProvider.System, loggers.CreateLogger<WithdrawnClaimStore>());
    }

    /// <summary>The node, once it is made.</summary>
    public OverlayNode? Node { get; private set; }

    /// <summary>The peers, once the node is made.</summary>
    public LeaseReconciler? Reconciler { get; private set; }

    /// <summary>When all was done to start; null before.</summary>
    public DateTimeOffset? Started { get; private set; }

    public override async Task StartedAsync(CancellationToken cancellationToken)
    {
        Lease? known = null;
        await TryAsync("find the earlier lease", async () => known = await _source.FindAsync(_options.NodeName, cancellationToken));
        Node = OverlayNode.Create(_options, underlay => ChooseMac(underlay, known), _publisher, _loggers);
        Lease own = _own = Node.LeaseOf(_options);
        AddressPlan plan = OverlayNode.PlanOf(_options, Node.Underlay);
        Reconciler = new LeaseReconciler(own, plan, _publisher, TimeProvider.System, _loggers.CreateLogger<LeaseReconciler>());

        // A store that cannot be read is waited for; being told to stop meanwhile ends that.
        await using CancellationTokenRegistration toldToStop = cancellationToken.Register(_stopping.Cancel);
        LeaseCache cache = new(_options.StateDirectory, _loggers.CreateLogger<LeaseCache>());
        LeaseFollower follower = new(_source, Reconciler, cache, TimeProvider.System, _loggers.CreateLogger<LeaseFollower>());
        await follower.ReadFirstAsync(_stopping.Token);
        OwnLeaseConflict.Check(own, known, _withdrawn.Load(own.Node), Reconciler.Peers);

        Node.Start(Fail);
        _following = FollowAsync(follower);

        // A running watch tries again, and status shows it; packets to the peers that are known need not wait.
        await TryAsync("publish the lease", () => _source.PublishAsync(own, cancellationToken));
        WriteSubnetFile(Node.Mtu.Pod);
        Started = TimeProvider.System.GetUtcNow();
        Announce(Node, own, known);
    }

    public override Task StoppingAsync(CancellationToken cancellationToken) => TakeDownAsync();

    /// <summary>The same as a stop: the host disposes without one when a start fails half-way.</summary>
    public async ValueTask DisposeAsync()
    {
        await TakeDownAsync();
        _stopping.Dispose();
    }

    // Peers know the MAC that was published, but only if it was this host that published it.
    private MacAddress ChooseMac(UnderlayInterface underlay, Lease? known)
    {
        bool wasOurs = known?.PublicAddresses.Any(a => underlay.Addresses.Contains(a) || a == _options.PublicIp || a == _options.PublicIpV6) == true;
        return new VtepMacStore(_options.StateDirectory, _loggers.CreateLogger<VtepMacStore>()).LoadOrChoose(wasOurs ? known : null);
    }

    private async Task FollowAsync(LeaseFollower follower)
    {
        try
        {
            await follower.FollowAsync();
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            _logger.LogDebug("leases are no longer followed");
        }
#pragma warning disable CA1031 // A source that ends for any reason leaves a table that nobody keeps: better to start anew.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail("the control plane", exception);
        }
    }

    private void WriteSubnetFile(int mtu)
    {
        try
        {
            SubnetFile.Write(_options, mtu);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Overlay:SubnetFile '{_options.SubnetFile}' cannot be written: {exception.Message}", exception);
        }
    }

    private void Announce(OverlayNode node, Lease own, Lease? known)
    {
        _logger.LogInformation(
            "node {Node}: {Device} VNI {Vni} MTU {Mtu}, VTEP {Mac} on {Interface} {Addresses} port {Port}, pods {Subnets}",
            _options.NodeName, node.DeviceName, node.Vtep.Vni, node.Mtu.Pod, node.Vtep.Mac, node.Underlay.Link.Name,
            string.Join(" and ", node.Underlay.Addresses), node.Vtep.Port, string.Join(" and ", own.PodCidrs));
        if (known is not null && !known.PublicAddresses.SequenceEqual(own.PublicAddresses))
        {
            _logger.LogWarning(
                "{Node} announced {Before} before and announces {Now} now; if another host uses this name, give each its own Overlay:NodeName",
                own.Node, string.Join(" and ", known.PublicAddresses), string.Join(" and ", own.PublicAddresses));
        }

        if (_options.IpMasq)
            _logger.LogWarning("Overlay:IpMasq tells CNI plugins not to masquerade, and overlayd does not do it yet: pods reach the world only by a rule of this host's own");
        if (_options.SubnetV6 is not null && node.Underlay.Ipv6 is null)
            _logger.LogWarning("{Interface} has no global IPv6 address: IPv6 pods travel over IPv4, which flannel's nodes do not take", node.Underlay.Link.Name);
    }

    private async Task TakeDownAsync()
    {
        if (_isDown) return;
        _isDown = true;
        try
        {
            // Peers hear first: what they no longer send need not be drained.
            if (_following is not null) _withdrawn.Save(_own!, Reconciler!.Peers);
            if (_following is not null) await TryAsync("withdraw the lease", () => _source.WithdrawAsync(_options.NodeName, CancellationToken.None));
            await _stopping.CancelAsync();
            if (_following is not null) await _following;
            if (Started is not null) await TryAsync("remove the subnet file", () => Task.Run(() => File.Delete(_options.SubnetFile)));
            Node?.Stop();
        }
        finally
        {
            Node?.Dispose();
        }

        if (Started is not null) _logger.LogInformation("node {Node} has stopped", _options.NodeName);
    }

    private async Task TryAsync(string what, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.LogError("could not {Step} of {Node}: {Reason}", what, _options.NodeName, exception.Message);
        }
    }

    private void Fail(string part, Exception fault)
    {
        if (!_outcome.TryFail(fault)) return;
        _logger.LogCritical("{Part} cannot go on, overlayd ends: {Reason}", part, fault.Message);
        _lifetime.StopApplication();
    }
}
