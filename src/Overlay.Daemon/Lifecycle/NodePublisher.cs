using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Lifecycle;

/// <summary>
/// All that this node tells others of itself: lease, subnet file, its readiness, and the assignment for a later run.
/// </summary>
/// <param name="configured">The configuration as it is.</param>
/// <param name="source">The store.</param>
/// <param name="saved">What a start without the store needs.</param>
/// <param name="withdrawn">Null where a stop leaves the lease in the store.</param>
/// <param name="problems">A node that has any is not ready.</param>
/// <param name="time">Clock of the readiness.</param>
/// <param name="logger">Logs what could not be written.</param>
internal sealed class NodePublisher(
    OverlayOptions configured, ILeaseSource source, SavedAssignment saved, WithdrawnClaimStore? withdrawn,
    ProblemBoard problems, TimeProvider time, ILogger<NodePublisher> logger)
{
    private static readonly TimeSpan _readyCheck = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _readyRetry = TimeSpan.FromSeconds(10);

    // What the store has said in this run; null while it has said nothing.
    private volatile NodeSettings? _settled;

    /// <summary>The store has answered in this run, and the node is as it wants it. Any thread may read it.</summary>
    public bool IsSettled => _settled is not null;

    /// <summary>The node begins by that plan; it is published from now on if the plan is the store's.</summary>
    public void Begin(NodePlan plan) => _settled = plan.IsFromSavedState ? null : plan.Settings;

    /// <summary>The store has answered late, and the node is as it wants it: it is published from now on.</summary>
    public void Settle(NodeSettings settings)
    {
        _settled = settings;
        logger.StoreAnswers(source.Location.Kind, source.Location.Place);
    }

    /// <summary>
    /// Refuses a node that would take what another holds. What the store gave is the other node's fault, which is
    /// refused instead.
    /// </summary>
    /// <exception cref="ConfigurationException">
    /// A pod CIDR or public address that is configured here is another node's.
    /// </exception>
    public void CheckConflicts(Lease own, Lease? known, PeersSnapshot peers)
    {
        try
        {
            OwnLeaseConflict.Check(own, known, withdrawn?.Load(own.Node), peers);
        }
        catch (ConfigurationException exception) when (configured.ControlPlane.GivesPodCidrs)
        {
            foreach (string fault in exception.Faults) logger.LeaseConflict(fault);
        }
    }

    /// <summary>
    /// Writes the lease to the store, and to disk what it was made of; nothing before the store has answered.
    /// </summary>
    /// <remarks>
    /// After a failure the running watch tries again, and status shows it; packets to the peers that are known need not
    /// wait.
    /// </remarks>
    public async Task PublishAsync(Lease own, OverlayOptions options, CancellationToken cancellationToken)
    {
        if (_settled is not { } settings) return;
        saved.Save(settings, options);
        await TryAsync("publish the lease", () => source.PublishAsync(own, cancellationToken));
    }

    /// <param name="options">With this node's pod CIDRs.</param>
    /// <param name="podMtu">Bytes of the largest pod packet.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void WriteSubnetFile(OverlayOptions options, int podMtu)
    {
        try
        {
            NodeSubnetFile.Of(options, podMtu).Write(options.SubnetFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"Overlay:SubnetFile '{configured.SubnetFile}' cannot be written: {exception.Message}", exception);
        }
    }

    /// <summary>The same of a running node, which goes on without.</summary>
    public Task TryWriteSubnetFileAsync(OverlayOptions options, int podMtu) =>
        TryAsync("write the subnet file", () => Task.Run(() => WriteSubnetFile(options, podMtu)));

    /// <summary>Waits until pods' packets flow, and reports that to the store once.</summary>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public async Task ReportReadyAsync(CancellationToken cancellationToken)
    {
        HashSet<string> logged = new(StringComparer.Ordinal);
        while (true)
        {
            while (!IsSettled || problems.Problems.Count > 0) await Task.Delay(_readyCheck, time, cancellationToken);
            try
            {
                await source.ReportReadyAsync(configured.NodeName, cancellationToken);
                return;
            }
            catch (IOException exception)
            {
                if (logged.Add(exception.Message))
                    logger.ReadinessNotReported(configured.NodeName, exception.Message);
                await Task.Delay(_readyRetry, time, cancellationToken);
            }
        }
    }

    /// <summary>Takes the lease out of the store at a stop, and keeps who waited for what was in it.</summary>
    public Task WithdrawAsync(Lease own, PeersSnapshot peers)
    {
        withdrawn?.Save(own, peers);
        return TryAsync("withdraw the lease", () => source.WithdrawAsync(configured.NodeName, CancellationToken.None));
    }

    public Task RemoveSubnetFileAsync() =>
        TryAsync("remove the subnet file", () => Task.Run(() => File.Delete(configured.SubnetFile)));

    private async Task TryAsync(string step, Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.StepFailed(step, configured.NodeName, exception.Message);
        }
    }
}
