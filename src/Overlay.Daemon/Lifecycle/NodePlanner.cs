using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;

namespace Overlay.Daemon.Lifecycle;

/// <summary>Finds out what this node is to be: from the store, or from what the store gave an earlier run.</summary>
/// <param name="configured">The configuration as it is.</param>
/// <param name="source">The store.</param>
/// <param name="saved">What the store gave an earlier run.</param>
/// <param name="discover">Looks for the underlay.</param>
/// <param name="underlay">The patience with the underlay.</param>
/// <param name="time">Clock of the patience with the store.</param>
/// <param name="logger">Logs what is waited for, and a begin without the store.</param>
internal sealed class NodePlanner(
    OverlayOptions configured, ILeaseSource source, SavedAssignment saved,
    Func<OverlayOptions, UnderlayFinding> discover, UnderlayWait underlay, TimeProvider time,
    ILogger<NodePlanner> logger)
{
    // With what the last run was given at hand, a store that does not answer is not waited for longer.
    private static readonly TimeSpan _storePatience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(10);

    // Within the patience: without its earlier lease this node seems to be another, and still it is to start.
    private static readonly TimeSpan _findPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _findPause = TimeSpan.FromMilliseconds(500);

    private Task<NodePlan>? _asking;
    private volatile string? _waitingFor;

    /// <summary>The answer that the store still owes; null when nothing is waited for.</summary>
    public string? WaitingFor => _waitingFor;

    /// <summary>
    /// The plan to start by. Waits for the underlay, and for the store unless an earlier run has left what it needs.
    /// </summary>
    /// <exception cref="ConfigurationException">Configuration, store and host do not fit together.</exception>
    /// <exception cref="LinuxException">The kernel refused something.</exception>
    public async Task<NodePlan> PlanAsync(CancellationToken cancellationToken)
    {
        await AwaitUnderlayAsync(cancellationToken);
        Task<NodePlan> asking = AskAsync(cancellationToken);
        if (saved.Load() is not { } last) return await WaitAsync(asking, cancellationToken);
        try
        {
            return await asking.WaitAsync(_storePatience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            logger.BeginsWithoutStore(last.Store.Kind, last.Store.Place, last.PodCidrs);
            _asking = asking;
        }
        catch (ConfigurationException exception)
        {
            logger.BeginsDespiteStore(exception.Message, last.PodCidrs);
        }

        OverlayOptions options =
            StoreSettings.Assign(StoreSettings.Complete(configured, last.Settings, last.Store), last.PodCidrs);
        UnderlayInterface found = await FindUnderlayAsync(options, cancellationToken);
        return new NodePlan(options, last.Settings, found, null, IsFromSavedState: true);
    }

    /// <summary>The store's own plan, after a start from saved state; waits as long as it takes.</summary>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public async Task<NodePlan> SettleAsync(CancellationToken cancellationToken)
    {
        HashSet<string> logged = new(StringComparer.Ordinal);
        while (true)
        {
            try
            {
                Task<NodePlan> asking = _asking ?? AskAsync(cancellationToken);
                _asking = null;
                return await asking.WaitAsync(cancellationToken);
            }
            catch (ConfigurationException exception)
            {
                if (logged.Add(exception.Message)) logger.GoesOnDespiteStore(exception.Message);
                await Task.Delay(_retryAfter, time, cancellationToken);
            }
        }
    }

    private async Task<NodePlan> WaitAsync(Task<NodePlan> asking, CancellationToken cancellationToken)
    {
        try
        {
            return await asking.WaitAsync(_storePatience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            logger.WaitingForStore(_waitingFor);
            return await asking.WaitAsync(cancellationToken);
        }
    }

    // On another thread: a store that hangs does so before the first await.
    private Task<NodePlan> AskAsync(CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            try
            {
                return await AskStoreAsync(cancellationToken);
            }
            catch (InvalidDataException exception)
            {
                throw new ConfigurationException(exception.Message);
            }
            finally
            {
                _waitingFor = null;
            }
        },
        cancellationToken);

    private async Task<NodePlan> AskStoreAsync(CancellationToken cancellationToken)
    {
        string node = configured.NodeName;
        WaitFor("its settings for this node");
        NodeSettings settings =
            NetConfFile.Complete(configured, await source.ReadSettingsAsync(node, cancellationToken));
        OverlayOptions options = StoreSettings.Complete(configured, settings, source.Location);
        UnderlayInterface found = await FindUnderlayAsync(options, cancellationToken);

        WaitFor("the lease it has of this node");
        (bool hasAnswered, Lease? known) = await FindAsync(node, cancellationToken);

        WaitFor("this node's pod CIDRs");
        VtepMacs? macs = VtepMacStore.Find(options.StateDirectory);
        PodCidrs given = await source.AcquireAsync(
            new PodCidrRequest(
                node, found.PublicIp(options), found.PublicIpV6(options),
                new PodCidrs(options.Subnet, options.SubnetV6), saved.Wish())
            { VtepMac = macs?.Ipv4, VtepMacV6 = macs?.Ipv6 },
            cancellationToken);

        // A store without names of nodes knows which lease is this node's only now: that of the daemon before, perhaps.
        if (hasAnswered && known is null) (_, known) = await FindAsync(node, cancellationToken);
        return new NodePlan(StoreSettings.Assign(options, given), settings, found, known, IsFromSavedState: false);
    }

    // Without an underlay hardly any store is reached, so the patience with that begins after this.
    private async Task AwaitUnderlayAsync(CancellationToken cancellationToken)
    {
        try
        {
            _ = await Task.Run(() => FindUnderlayAsync(configured, cancellationToken), cancellationToken);
        }
        catch (ConfigurationException)
        {
            // The underlay may lack only the store's settings, by which it is judged again.
        }
    }

    private Task<UnderlayInterface> FindUnderlayAsync(OverlayOptions options, CancellationToken cancellationToken) =>
        underlay.ForAsync(() => discover(options), cancellationToken);

    private async Task<(bool HasAnswered, Lease? Lease)> FindAsync(string node, CancellationToken cancellationToken)
    {
        long began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return (true, await source.FindAsync(node, cancellationToken));
            }
            catch (IOException) when (time.GetElapsedTime(began) < _findPatience)
            {
                await Task.Delay(_findPause, time, cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                logger.EarlierLeaseNotFound(node, exception.Message);
                return (false, null);
            }
        }
    }

    private void WaitFor(string answer)
    {
        string question = $"{source.Location.Kind} {source.Location.Place}: {answer}";
        _waitingFor = question;
        logger.AskingStore(question);
    }
}
