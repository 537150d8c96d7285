using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.ControlPlane.Trust;
using Overlay.Dataplane.Counters;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>Brings leases from disk and store to the reconciler, and accepted ones back to disk.</summary>
/// <param name="source">The store.</param>
/// <param name="reconciler">Gets the leases. Nobody else changes it meanwhile.</param>
/// <param name="hold">Doubts the store's updates.</param>
/// <param name="saved">The disk.</param>
/// <param name="time">Clock of work that is due without an update.</param>
/// <param name="logger">Logs a store that is away at the start.</param>
/// <param name="converged">
/// Called for each update of the store that has changed the table, with the time from its arrival to the table.
/// </param>
public sealed class LeaseFollower(
    ILeaseSource source, LeaseReconciler reconciler, SnapshotHold hold, SavedLeases saved, TimeProvider time,
    ILogger<LeaseFollower> logger, Action<TimeSpan>? converged = null)
{
    // The longest wait for a store that cannot be read, where the peers of the last run are at hand.
    private static readonly TimeSpan _storePatience = TimeSpan.FromSeconds(3);

    private readonly LeaseSaver _saver = new(saved, time);
    private readonly Lock _gate = new();
    private IAsyncEnumerator<LeaseUpdate>? _updates;
    private Task<bool>? _next;
    private CancellationToken _cancellation;
    private long _arrivedAt;
    private volatile bool _hasRead;

    /// <summary>The store has sent its leases in this run. Any thread may read it.</summary>
    public bool HasRead => _hasRead;

    /// <summary>
    /// Applies the saved leases, then the store's: a node that held a prefix before a restart still holds it.
    /// </summary>
    /// <param name="isStoreAway">
    /// The caller has just waited for the store in vain: the saved leases, or none, are used at once.
    /// </param>
    /// <param name="cancellation">Ends the wait for a store that cannot be read, and the following of it.</param>
    /// <exception cref="OperationCanceledException">Cancelled before there was a table.</exception>
    public async Task ReadFirstAsync(bool isStoreAway, CancellationToken cancellation)
    {
        _cancellation = cancellation;
        LeaseUpdate.Snapshot? last = saved.Load() ?? (isStoreAway ? new([]) : null);
        _updates = source.WatchAsync(last?.Leases ?? [], cancellation).GetAsyncEnumerator(cancellation);

        // On another thread: a store that hangs does so before the first await.
        _next = Task.Run(MoveNextAsync, cancellation);
        if (last is not null)
        {
            Change(() => reconciler.Apply(last));
            Task patience = Task.Delay(isStoreAway ? TimeSpan.Zero : _storePatience, cancellation);
            if (await Task.WhenAny(_next, patience) != _next && !cancellation.IsCancellationRequested)
            {
                logger.StoreUnreadable(last.Leases.Count);
                return;
            }
        }

        _ = await _next.WaitAsync(cancellation);
        Take();
    }

    /// <summary>
    /// Applies and saves the store's updates from then on; ends when <see cref="ReadFirstAsync"/>'s token is cancelled.
    /// </summary>
    public async Task FollowAsync()
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(_cancellation);

        // On another thread, and awaited last: a disk may take as long as it likes.
        Task saving = Task.Run(() => _saver.RunAsync(ended.Token), CancellationToken.None);
        try
        {
            // A stop does not wait for a store that hangs.
            while (true)
            {
                if (saving.IsFaulted) await saving;
                if (await IsReconsiderationDueAsync()) Reconsider();
                else if (await _next!.WaitAsync(_cancellation)) Take();
                else return;
            }
        }
        finally
        {
            if (_next!.IsCompleted) await _updates!.DisposeAsync();
            await ended.CancelAsync();
            await saving;
        }
    }

    /// <summary>Measures every peer against another lease of this node. Any thread may call.</summary>
    public void Rebase(Lease own, AddressPlan plan) => Change(() => reconciler.Rebase(own, plan));

    /// <summary>Finds out who sends a frame from an address that no peer has. Any thread may call.</summary>
    /// <inheritdoc cref="LeaseReconciler.Recognize"/>
    public SenderFinding? Recognize(Stranger stranger, bool learns)
    {
        lock (_gate) return reconciler.Recognize(stranger, learns);
    }

    /// <summary>
    /// Waits for the next update; true when the reconciler's own time, or the hold's, has come before it.
    /// </summary>
    private async Task<bool> IsReconsiderationDueAsync()
    {
        if (DueIn() is not { } due) return false;
        return await Task.WhenAny(_next!, Task.Delay(due, time, _cancellation)) != _next
            && !_cancellation.IsCancellationRequested;
    }

    private TimeSpan? DueIn()
    {
        lock (_gate)
        {
            return (reconciler.ReconsiderIn, hold.EndsIn) switch
            {
                ({ } one, { } other) => one < other ? one : other,
                var (one, other) => one ?? other,
            };
        }
    }

    private void Reconsider() => Change(() =>
    {
        if (hold.EndsIn == TimeSpan.Zero) reconciler.Apply(hold.Release());
        reconciler.Reconsider();
        _saver.Note(reconciler.Peers);
    });

    private void Take()
    {
        LeaseUpdate update = _updates!.Current;
        Change(() =>
        {
            long before = reconciler.Tables;
            reconciler.Apply(hold.Filter(update, reconciler.Peers));
            if (reconciler.Tables != before) converged?.Invoke(time.GetElapsedTime(_arrivedAt));
            _saver.Note(reconciler.Peers);
        });
        _hasRead = true;
        _next = Task.Run(MoveNextAsync);
    }

    private async Task<bool> MoveNextAsync()
    {
        bool isThere = await _updates!.MoveNextAsync();
        _arrivedAt = time.GetTimestamp();
        return isThere;
    }

    private void Change(Action change)
    {
        lock (_gate) change();
    }
}
