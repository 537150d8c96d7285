using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane;
using Overlay.Dataplane;

namespace Overlay.Daemon;

/// <summary>The daemon's life: node made, first leases read, own lease published, workers running; the reverse at the end.</summary>
/// <remarks>Workers start behind the first table, else a restart would drop what peers already send.</remarks>
public sealed class OverlayService : IHostedService, IAsyncDisposable
{
    private readonly OverlayOptions _options;
    private readonly ILeaseSource _source;
    private readonly TablePublisher _publisher;
    private readonly ProcessOutcome _outcome;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<OverlayService> _logger;
    private readonly CancellationTokenSource _stopping = new();
    private Task? _following;
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
    }

    /// <summary>The node, once it is made.</summary>
    public OverlayNode? Node { get; private set; }

    /// <summary>The peers, once the first leases are read.</summary>
    public LeaseReconciler? Reconciler { get; private set; }

    /// <summary>When the workers started; null before.</summary>
    public DateTimeOffset? Started { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Lease? known = await _source.FindAsync(_options.NodeName, cancellationToken);
        VtepMacStore macs = new(_options.StateDirectory, _loggers.CreateLogger<VtepMacStore>());
        Node = OverlayNode.Create(_options, () => macs.LoadOrChoose(known), _publisher, _loggers);
        Lease own = Node.LeaseOf(_options);
        AddressPlan plan = OverlayNode.PlanOf(_options, Node.Underlay);
        Reconciler = new LeaseReconciler(own, plan, _publisher, TimeProvider.System, _loggers.CreateLogger<LeaseReconciler>());

        // A store that cannot be read is waited for; being told to stop meanwhile ends that.
        await using CancellationTokenRegistration toldToStop = cancellationToken.Register(_stopping.Cancel);
        IAsyncEnumerator<LeaseUpdate> updates = _source.WatchAsync(_stopping.Token).GetAsyncEnumerator(_stopping.Token);
        _ = await updates.MoveNextAsync();
        Reconciler.Apply(updates.Current);
        OwnLeaseConflict.Check(own, known, Reconciler.Peers);
        if (known is not null && !known.PublicAddresses.SequenceEqual(own.PublicAddresses))
        {
            _logger.LogWarning(
                "{Node} announced {Before} before and announces {Now} now; if another host uses this name, give each its own Overlay:NodeName",
                own.Node, string.Join(" and ", known.PublicAddresses), string.Join(" and ", own.PublicAddresses));
        }

        Node.Start(WorkerEnded);
        _following = FollowAsync(updates);
        await _source.PublishAsync(own, cancellationToken);
        SubnetFile.Write(_options, Node.Mtu.Pod);
        Started = TimeProvider.System.GetUtcNow();
        _logger.LogInformation(
            "node {Node}: {Device} VNI {Vni} MTU {Mtu}, VTEP {Mac} on {Interface} {Ipv4} {Ipv6} port {Port}, pods {Subnet} {SubnetV6}",
            _options.NodeName, Node.DeviceName, Node.Vtep.Vni, Node.Mtu.Pod, Node.Vtep.Mac, Node.Underlay.Link.Name,
            Node.Underlay.Ipv4, Node.Underlay.Ipv6, Node.Vtep.Port, _options.Subnet, _options.SubnetV6);
    }

    public Task StopAsync(CancellationToken cancellationToken) => TakeDownAsync();

    /// <summary>The same as a stop: the host disposes without one when a start fails half-way.</summary>
    public async ValueTask DisposeAsync()
    {
        await TakeDownAsync();
        _stopping.Dispose();
    }

    private async Task TakeDownAsync()
    {
        if (_isDown) return;
        _isDown = true;

        // Workers run exactly when this node may have been announced. Peers hear first: what they no longer send need
        // not be drained.
        bool isAnnounced = _following is not null;
        if (isAnnounced) await WithdrawAsync();
        await _stopping.CancelAsync();
        if (_following is not null) await _following;
        if (Started is not null) File.Delete(_options.SubnetFile);
        if (isAnnounced) Node!.Stop();
        Node?.Dispose();
        if (Started is not null) _logger.LogInformation("node {Node} has stopped", _options.NodeName);
    }

    private async Task WithdrawAsync()
    {
        try
        {
            await _source.WithdrawAsync(_options.NodeName, CancellationToken.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.LogError("could not withdraw the lease of {Node}: {Reason}", _options.NodeName, exception.Message);
        }
    }

    private async Task FollowAsync(IAsyncEnumerator<LeaseUpdate> updates)
    {
        try
        {
            while (await updates.MoveNextAsync()) Reconciler!.Apply(updates.Current);
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
        finally
        {
            await updates.DisposeAsync();
        }
    }

    private void WorkerEnded(IWorker worker, Exception? fault)
    {
        if (fault is not null) Fail(worker.Name, fault);
    }

    private void Fail(string part, Exception fault)
    {
        if (!_outcome.TryFail(fault)) return;
        _logger.LogCritical("{Part} has died, overlayd ends: {Reason}", part, fault.Message);
        _lifetime.StopApplication();
    }
}
