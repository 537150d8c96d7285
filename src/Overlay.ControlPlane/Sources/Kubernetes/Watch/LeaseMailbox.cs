using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Kubernetes.Watch;

/// <summary>Updates on their way to a slower reader: an overtaken update is dropped. Thread-safe.</summary>
internal sealed class LeaseMailbox : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _posted = new(0);
    private readonly List<LeaseUpdate> _waiting = [];

    public void Post(LeaseUpdate update)
    {
        lock (_gate)
        {
            // A snapshot contains every earlier change.
            if (update is LeaseUpdate.Snapshot)
                _ = _waiting.RemoveAll(static waiting => waiting is LeaseUpdate.Events or LeaseUpdate.Snapshot);
            if (update is LeaseUpdate.Events events && _waiting is [.., LeaseUpdate.Events last])
                _waiting[^1] = Join(last, events);
            else _waiting.Add(update);
            if (_posted.CurrentCount == 0) _ = _posted.Release();
        }
    }

    public async Task<LeaseUpdate> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_waiting.Count > 0)
                {
                    LeaseUpdate first = _waiting[0];
                    _waiting.RemoveAt(0);
                    return first;
                }
            }

            await _posted.WaitAsync(cancellationToken);
        }
    }

    public void Dispose() => _posted.Dispose();

    // The last of every node, in the order of those.
    private static LeaseUpdate.Events Join(LeaseUpdate.Events earlier, LeaseUpdate.Events later)
    {
        HashSet<string> told = [];
        List<LeaseEvent> joined = [];
        foreach (LeaseEvent change in earlier.Changes.Concat(later.Changes).Reverse())
        {
            if (told.Add(change is LeaseEvent.Added added ? added.Lease.Node : ((LeaseEvent.Removed)change).Node))
                joined.Add(change);
        }

        joined.Reverse();
        return new(joined);
    }
}
