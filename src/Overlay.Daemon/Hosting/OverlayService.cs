using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Reconciliation;
using Overlay.ControlPlane.State;
using Overlay.ControlPlane.Trust;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;
using Overlay.Host.Files;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Hosting;

/// <summary>The daemon's life: store asked, node made, leases read, workers running, own lease published; the reverse at the end.</summary>
/// <remarks>
/// It begins when the admin socket answers already, and ends before that does. Workers start behind the first table,
/// else a restart would drop what peers already send. What changes the node while it runs is done by one loop.
/// </remarks>
public sealed class OverlayService : LifecycleService, IAsyncDisposable
{
    private static readonly TimeSpan _readyCheck = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _readyRetry = TimeSpan.FromSeconds(10);

    private readonly OverlayOptions _configured;
    private readonly ILeaseSource _source;
    private readonly TablePublisher _publisher;
    private readonly ProcessOutcome _outcome;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<OverlayService> _logger;
    private readonly CancellationTokenSource _stopping = new();

    // What publishes ends before the lease is withdrawn; the watch, which keeps a store in order, after that.
    private readonly CancellationTokenSource _leaving = new();

    // Null where a stop leaves the lease in the store.
    private readonly WithdrawnClaimStore? _withdrawn;
    private readonly NodePlanner _planner;
    private readonly SnapshotHold _hold;
    private readonly Channel<NodeChange> _changes = Channel.CreateUnbounded<NodeChange>();
    private Task? _following;
    private Task? _changing;
    private Task? _reassigning;
    private Task? _settling;
    private volatile RunningNode? _node;
    private volatile LeaseReconciler? _reconciler;
    private volatile LeaseFollower? _follower;
    private volatile string? _moveProblem;
    private volatile string? _assignmentProblem;
    private volatile bool _isSettled;
    private bool _isDown;

    public OverlayService(
        OverlayOptions options, ILeaseSource source, TablePublisher publisher, ProcessOutcome outcome,
        IHostApplicationLifetime lifetime, ILoggerFactory loggers)
    {
        _configured = options;
        _source = source;
        _publisher = publisher;
        _outcome = outcome;
        _lifetime = lifetime;
        _loggers = loggers;
        _logger = loggers.CreateLogger<OverlayService>();
        if (options.ControlPlane.WithdrawsLease)
            _withdrawn = new(options.StateDirectory, source.Location, TimeProvider.System, loggers.CreateLogger<WithdrawnClaimStore>());
        AssignmentFile assignment = new(options.StateDirectory, loggers.CreateLogger<AssignmentFile>());
        _planner = new(options, source, assignment, UnderlayDiscovery.Find, TimeProvider.System, loggers.CreateLogger<NodePlanner>());
        _hold = new(options.ControlPlane.Hold, TimeProvider.System, loggers.CreateLogger<SnapshotHold>());
    }

    /// <summary>The node, once it is made.</summary>
    public OverlayNode? Node => _node?.Node;

    /// <summary>The configuration, with what the store gave once it has.</summary>
    public OverlayOptions Options => _node?.Options ?? _configured;

    /// <summary>The peers; none before the node is made.</summary>
    public PeersSnapshot Peers => _reconciler?.Peers ?? PeersSnapshot.Empty;

    /// <summary>Peers that are kept although the store lacks them; null when there are none.</summary>
    public HeldPeers? Held => _hold.Held;

    /// <summary>When all was done to start; null before.</summary>
    public DateTimeOffset? Started { get; private set; }

    /// <summary>What the start waits for; null when for nothing.</summary>
    public string? WaitingFor => _planner.WaitingFor ?? (Started is null && _follower is { HasRead: false } ? $"{_source.Location.Kind} {_source.Location.Place}: its leases" : null);

    /// <summary>The store has not answered in this run: node or peers are those of the last one.</summary>
    public bool IsFromSavedState => _node is not null && !(_isSettled && _follower?.HasRead == true);

    /// <summary>What keeps pods' packets from flowing, or this node from being what the store wants.</summary>
    public IReadOnlyList<string> Problems => [.. Node?.Problems ?? [], .. new[] { _moveProblem, _assignmentProblem }.OfType<string>()];

    public override async Task StartedAsync(CancellationToken cancellationToken)
    {
        // A store that cannot be read is waited for; being told to stop meanwhile ends that.
        await using CancellationTokenRegistration toldToStop = cancellationToken.Register(_stopping.Cancel);
        NodePlan plan = await _planner.PlanAsync(_stopping.Token);
        if (_configured.ControlPlane.GivesPodCidrs) FormerFlannel.Remove(plan.Options.Network.Vni, _loggers.CreateLogger(nameof(FormerFlannel)));
        RunningNode node = _node = new RunningNode(plan, ChooseMac(plan), _publisher, _loggers);
        TimeSpan claimGrace = _configured.ControlPlane.WithdrawsLease ? LeaseReconciler.ClaimGrace : TimeSpan.Zero;
        LeaseReconciler reconciler = _reconciler = new(node.Own, node.Plan, claimGrace, _publisher, TimeProvider.System, _loggers.CreateLogger<LeaseReconciler>());
        SavedLeases cache = new(_configured.StateDirectory, _source.Location, _loggers.CreateLogger<SavedLeases>());
        LeaseFollower follower = _follower = new(_source, reconciler, _hold, cache, TimeProvider.System, _loggers.CreateLogger<LeaseFollower>())
        {
            PeersChanged = peers => node.Node.Follow(peers),
        };
        await follower.ReadFirstAsync(plan.IsFromSavedState, _stopping.Token);
        CheckConflicts(node.Own, plan.Known, reconciler.Peers);

        Start(node);
        _following = RunAsync("the control plane", follower.FollowAsync);
        _isSettled = !plan.IsFromSavedState;
        await PublishAsync(node, cancellationToken);
        WriteSubnetFile(node);
        Started = TimeProvider.System.GetUtcNow();
        Log(node, plan.Known);
        _changing = RunAsync("the node", ChangeAsync);
        _reassigning = RunAsync("the control plane", FollowPodCidrsAsync);
        _settling = RunAsync("the control plane", () => SettleAsync(plan));
    }

    public override Task StoppingAsync(CancellationToken cancellationToken) => TakeDownAsync();

    /// <summary>The same as a stop: the host disposes without one when a start fails half-way.</summary>
    public async ValueTask DisposeAsync()
    {
        await TakeDownAsync();
        _stopping.Dispose();
        _leaving.Dispose();
    }

    // Peers know the MAC that was published, but only if it was this host that published it.
    private VtepMacs ChooseMac(NodePlan plan)
    {
        bool wasOurs = plan.Known?.PublicAddresses.Any(
            a => plan.Underlay.Addresses.Contains(a) || a == plan.Options.PublicIp || a == plan.Options.PublicIpV6) == true;
        return new VtepMacStore(_configured.StateDirectory, _loggers.CreateLogger<VtepMacStore>()).LoadOrChoose(wasOurs ? plan.Known : null);
    }

    // What the store gave is not the configuration's fault; the other node is refused, and named in the report.
    private void CheckConflicts(Lease own, Lease? known, PeersSnapshot peers)
    {
        try
        {
            OwnLeaseConflict.Check(own, known, _withdrawn?.Load(own.Node), peers);
        }
        catch (ConfigurationException exception) when (_configured.ControlPlane.GivesPodCidrs)
        {
            foreach (string fault in exception.Faults) _logger.LogError("{Fault}", fault);
        }
    }

    private void Start(RunningNode node) => node.Node.Start(() => Post(new NodeChange.Moved()), Fail);

    private void Post(NodeChange change) => _ = _changes.Writer.TryWrite(change);

    private async Task RunAsync(string part, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested || _stopping.IsCancellationRequested)
        {
            _logger.LogDebug("{Part} has ended", part);
        }
#pragma warning disable CA1031 // A part that ends for any reason leaves a table or a node that nobody keeps: better to start anew.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fail(part, exception);
        }
    }

    private async Task FollowPodCidrsAsync()
    {
        await foreach (PodCidrs given in _source.WatchPodCidrsAsync(_leaving.Token)) Post(new NodeChange.Reassigned(given));
    }

    private async Task ChangeAsync()
    {
        await foreach (NodeChange change in _changes.Reader.ReadAllAsync(_leaving.Token))
        {
            RunningNode node = _node!;
            if (!await TryApplyAsync(node, change)) continue;
            await PublishAsync(node, _leaving.Token);
            await TryAsync("write the subnet file", () => Task.Run(() => WriteSubnetFile(node)));
            Log(node, null);
        }
    }

    /// <summary>False where the node stays as it is: then nothing is new, and whoever reads the report sees that it is not as it should be.</summary>
    private async Task<bool> TryApplyAsync(RunningNode node, NodeChange change)
    {
        try
        {
            await ApplyAsync(node, change);
            Report(change, null);
            return true;
        }
        catch (ConfigurationException exception)
        {
            Report(change, $"this node stays as it is: {exception.Message}");
            return false;
        }
        finally
        {
            if (change is NodeChange.Settled settled) settled.Tried.SetResult();
        }
    }

    // What the underlay is and what the store has given are faults of their own: one does not end with the other.
    private void Report(NodeChange change, string? problem)
    {
        if (problem is not null && problem != (change is NodeChange.Moved ? _moveProblem : _assignmentProblem)) _logger.LogError("{Problem}", problem);
        if (change is NodeChange.Moved) _moveProblem = problem;
        else _assignmentProblem = problem;
    }

    private async Task ApplyAsync(RunningNode node, NodeChange change)
    {
        switch (change)
        {
            case NodeChange.Moved:
                await node.MoveAsync(_leaving.Token);
                _follower!.Rebase(node.Own, node.Plan);
                break;
            case NodeChange.Reassigned reassigned:
                await ReassignAsync(node, StoreSettings.Assign(node.Options, reassigned.PodCidrs));
                break;
            case NodeChange.Settled settled:
                await ReassignAsync(node, settled.Plan.Options);
                _logger.LogInformation("{Kind} {Place} answers", _source.Location.Kind, _source.Location.Place);
                _isSettled = true;
                break;
        }
    }

    private async Task ReassignAsync(RunningNode node, OverlayOptions options)
    {
        if (options == node.Options) return;
        UnderlayInterface underlay = await node.FindUnderlayAsync(_leaving.Token);
        OverlayNode.CheckPlan(options, underlay);
        _logger.LogWarning("the control plane has other settings or pod CIDRs for this node than before: it is made anew, and pods with former addresses are not reached");
        try
        {
            node.Rebuild(options, underlay);
        }
        catch (ConfigurationException)
        {
            Resume(node);
            throw;
        }

        Resume(node);
    }

    private void Resume(RunningNode node)
    {
        _follower!.Rebase(node.Own, node.Plan);
        Start(node);
    }

    // A running watch tries again, and status shows it; packets to the peers that are known need not wait.
    private async Task PublishAsync(RunningNode node, CancellationToken cancellationToken)
    {
        if (!_isSettled) return;
        _planner.Save(node.Options);
        await TryAsync("publish the lease", () => _source.PublishAsync(node.Own, cancellationToken));
    }

    /// <summary>Asks the store what it could not say at the start, and tells it when pods' packets flow.</summary>
    private async Task SettleAsync(NodePlan plan)
    {
        if (plan.IsFromSavedState) await SettlePlanAsync();
        string? told = null;
        while (true)
        {
            while (!_isSettled || Problems.Count > 0) await Task.Delay(_readyCheck, _leaving.Token);
            try
            {
                await _source.ReportReadyAsync(_configured.NodeName, _leaving.Token);
                return;
            }
            catch (IOException exception)
            {
                if (exception.Message != told) _logger.LogError("could not report that {Node} is ready: {Reason}", _configured.NodeName, exception.Message);
                told = exception.Message;
                await Task.Delay(_readyRetry, _leaving.Token);
            }
        }
    }

    // What this node cannot be is not tried again; another answer of the store is.
    private async Task SettlePlanAsync()
    {
        OverlayOptions? refused = null;
        while (true)
        {
            NodePlan plan = await _planner.SettleAsync(_leaving.Token);
            if (plan.Options != refused)
            {
                NodeChange.Settled settled = new(plan);
                Post(settled);
                await settled.Tried.Task.WaitAsync(_leaving.Token);
                if (_isSettled) return;
                refused = plan.Options;
            }

            await Task.Delay(_readyRetry, _leaving.Token);
        }
    }

    private void WriteSubnetFile(RunningNode node)
    {
        try
        {
            NodeSubnetFile.Of(node.Options, node.Node.Mtu.Pod).Write(node.Options.SubnetFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"Overlay:SubnetFile '{_configured.SubnetFile}' cannot be written: {exception.Message}", exception);
        }
    }

    private void Log(RunningNode running, Lease? known)
    {
        (OverlayNode node, Lease own) = (running.Node, running.Own);
        _logger.LogInformation(
            "node {Node}: {Device} VNI {Vni} MTU {Mtu}, VTEP {Mac} on {Interface} {Addresses} port {Port}, pods {Subnets}",
            own.Node, node.DeviceName, node.Vtep.Vni, node.Mtu.Pod, node.Vtep.Mac, node.Underlay.Link.Name,
            string.Join(" and ", node.Underlay.Addresses), node.Vtep.Port, string.Join(" and ", own.PodCidrs));
        if (known is not null && !known.PublicAddresses.SequenceEqual(own.PublicAddresses))
        {
            _logger.LogWarning(
                "{Node} announced {Before} before and announces {Now} now; if another host uses this name, give each its own Overlay:NodeName",
                own.Node, string.Join(" and ", known.PublicAddresses), string.Join(" and ", own.PublicAddresses));
        }

        if (own.SubnetV6 is not null && node.Underlay.Ipv6 is null)
            _logger.LogWarning("{Interface} has no global IPv6 address: IPv6 pods travel over IPv4, which flannel's nodes do not take", node.Underlay.Link.Name);
    }

    private async Task TakeDownAsync()
    {
        if (_isDown) return;
        _isDown = true;
        RunningNode? node = _node;
        try
        {
            // Peers hear first: what they no longer send need not be drained.
            await _leaving.CancelAsync();
            await Task.WhenAll(_changing ?? Task.CompletedTask, _reassigning ?? Task.CompletedTask, _settling ?? Task.CompletedTask);
            if (_following is not null)
            {
                _withdrawn?.Save(node!.Own, Peers);
                await TryAsync("withdraw the lease", () => _source.WithdrawAsync(_configured.NodeName, CancellationToken.None));
            }

            await _stopping.CancelAsync();
            if (_following is not null) await _following;
            if (Started is not null) await TryAsync("remove the subnet file", () => Task.Run(() => File.Delete(_configured.SubnetFile)));
            node?.Node.Stop();
        }
        finally
        {
            node?.Dispose();
        }

        if (Started is not null) _logger.LogInformation("node {Node} has stopped", _configured.NodeName);
    }

    private async Task TryAsync(string what, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.LogError("could not {Step} of {Node}: {Reason}", what, _configured.NodeName, exception.Message);
        }
    }

    private void Fail(string part, Exception fault)
    {
        if (!_outcome.TryFail(fault)) return;
        _logger.LogCritical("{Part} cannot go on, overlayd ends: {Reason}", part, fault.Message);
        _lifetime.StopApplication();
    }
}
