using Microsoft.Extensions.Logging;
using Overlay.ControlPlane;

namespace Overlay.Daemon;

/// <summary>Brings leases from disk and store to the reconciler, and accepted ones back to disk.</summary>
public sealed class LeaseFollower(
    ILeaseSource source, LeaseReconciler reconciler, LeaseCache cache, TimeProvider time, ILogger<LeaseFollower> logger)
{
    // With the peers of the last run at hand, a store that cannot be read is not waited for longer.
    private static readonly TimeSpan _storePatience = TimeSpan.FromSeconds(3);

    private IAsyncEnumerator<LeaseUpdate>? _updates;
    private Task<bool>? _next;
    private CancellationToken _cancellation;

    /// <summary>Applies the saved leases, then the store's: so who held something before a restart holds it still.</summary>
    /// <param name="cancellation">Ends the wait for a store that cannot be read, and the following of it.</param>
    /// <exception cref="OperationCanceledException">Cancelled before there was a table.</exception>
    public async Task ReadFirstAsync(CancellationToken cancellation)
    {
        _cancellation = cancellation;
        LeaseUpdate.Snapshot? saved = cache.Load();
        _updates = source.WatchAsync(saved?.Leases ?? [], cancellation).GetAsyncEnumerator(cancellation);

        // On another thread: a store that hangs does so before the first await.
        _next = Task.Run(async () => await _updates.MoveNextAsync(), cancellation);
        if (saved is not null)
        {
            reconciler.Apply(saved);
            if (await Task.WhenAny(_next, Task.Delay(_storePatience, cancellation)) != _next && !cancellation.IsCancellationRequested)
            {
                logger.LogWarning("the store cannot be read; forwarding begins with the {Count} peers of the last run", saved.Leases.Count);
                return;
            }
        }

        _ = await _next.WaitAsync(cancellation);
        Take();
    }

    /// <summary>Applies what the store says from then on; ends when <see cref="ReadFirstAsync"/>'s token is cancelled.</summary>
    public async Task FollowAsync()
    {
        try
        {
            // Told to stop, it does not wait for a store that hangs.
            while (true)
            {
                if (await IsReconsiderationDueAsync())
                {
                    reconciler.Reconsider();
                    cache.Save(reconciler.Peers);
                }
                else if (await _next!.WaitAsync(_cancellation)) Take();
                else return;
            }
        }
        finally
        {
            if (_next!.IsCompleted) await _updates!.DisposeAsync();
        }
    }

    /// <summary>Waits for the next update; true when the reconciler's own time has come before it.</summary>
    private async Task<bool> IsReconsiderationDueAsync()
    {
        if (reconciler.ReconsiderIn is not { } due) return false;
        return await Task.WhenAny(_next!, Task.Delay(due, time, _cancellation)) != _next && !_cancellation.IsCancellationRequested;
    }

    private void Take()
    {
        reconciler.Apply(_updates!.Current);
        cache.Save(reconciler.Peers);
        _next = Task.Run(async () => await _updates.MoveNextAsync());
    }
}
