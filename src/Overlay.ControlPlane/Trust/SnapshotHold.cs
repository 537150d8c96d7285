using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Trust;

/// <summary>
/// Doubts an update by which most peers vanish together: its new leases count at once, its lost ones only after a
/// while. Not thread-safe.
/// </summary>
/// <remarks>
/// A store that was lost and made anew is empty, and sound. Its nodes fill it again, and no packet need be lost
/// meanwhile. The leases of nodes that were cut off from their store end there together, too. A peer that leaves by
/// itself is believed, and so is a lease that contradicts a held one.
/// </remarks>
/// <param name="grace">How long peers are held; zero to hold none.</param>
/// <param name="time">Clock of the grace.</param>
/// <param name="logger">Logs when holding begins and ends.</param>
public sealed class SnapshotHold(TimeSpan grace, TimeProvider time, ILogger<SnapshotHold> logger)
{
    private readonly Dictionary<string, Lease> _held = new(StringComparer.Ordinal);

    // The index covers all leases that were held since the hold began; _held has those that still are.
    private LeaseIndex _index = new([]);
    private long _since;
    private DateTimeOffset _until;
    private volatile HeldPeers? _report;

    /// <summary>The peers held; null when there are none. Any thread may read it.</summary>
    public HeldPeers? Held => _report;

    /// <summary>How long until <see cref="Release"/> is due; null when no peer is held.</summary>
    public TimeSpan? EndsIn
    {
        get
        {
            if (_held.Count == 0) return null;
            TimeSpan left = grace - time.GetElapsedTime(_since);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    private bool IsOver => grace == TimeSpan.Zero || EndsIn == TimeSpan.Zero;

    /// <summary>The update as it is to be believed.</summary>
    /// <param name="update">The update of the store.</param>
    /// <param name="peers">The peers known so far.</param>
    public LeaseUpdate Filter(LeaseUpdate update, PeersSnapshot peers) => update switch
    {
        LeaseUpdate.Snapshot snapshot => Filter(snapshot, peers),
        LeaseUpdate.Events events => Filter(events, peers),
        _ => update,
    };

    /// <summary>Gives up the held peers: the store has had its time.</summary>
    public LeaseUpdate.Events Release()
    {
        LeaseUpdate.Events removed = new([.. _held.Keys.Select(static node => new LeaseEvent.Removed(node))]);
        if (_held.Count > 0) logger.HeldPeersGivenUp(_held.Count);
        GiveUp();
        return removed;
    }

    private LeaseUpdate.Snapshot Filter(LeaseUpdate.Snapshot snapshot, PeersSnapshot peers)
    {
        if (IsOver)
        {
            GiveUp();
            return snapshot;
        }

        HashSet<string> named = [.. snapshot.Leases.Select(static lease => lease.Node)];
        Lease[] accepted = [.. Accepted(peers)];
        Lease[] gone = [.. accepted.Where(lease => !named.Contains(lease.Node))];

        // A store that fills again sends many snapshots: the leases that are back are no reason to give up the others.
        Hold(Departure.IsMass(gone.Length, accepted.Length)
            ? gone
            : [.. gone.Where(lease => _held.ContainsKey(lease.Node))], gone.Length, accepted.Length);
        foreach (Lease lease in snapshot.Leases) _ = TakeRivals(lease);
        Report();
        return new([.. snapshot.Leases, .. _held.Values]);
    }

    private LeaseUpdate.Events Filter(LeaseUpdate.Events events, PeersSnapshot peers)
    {
        HashSet<string> doubted = [];
        if (!IsOver && Vanishing(events, peers) is { Count: > 0 } vanishing)
        {
            doubted = [.. vanishing.Select(static lease => lease.Node)];
            Hold([.. _held.Values, .. vanishing], vanishing.Count, Accepted(peers).Count());
        }

        if (_held.Count == 0) return events;
        List<LeaseEvent> changes = [];
        foreach (LeaseEvent change in events.Changes)
        {
            string node = change is LeaseEvent.Added { Lease.Node: var name }
                ? name
                : ((LeaseEvent.Removed)change).Node;
            if (doubted.Contains(node)) continue;
            _ = _held.Remove(node);
            if (change is LeaseEvent.Added added)
                changes.AddRange(TakeRivals(added.Lease).Select(static rival => new LeaseEvent.Removed(rival)));
            changes.Add(change);
        }

        Report();
        return new(changes);
    }

    /// <summary>
    /// The peers that the events take away, where they are two and more than half of those that the store had.
    /// </summary>
    private IReadOnlyList<Lease> Vanishing(LeaseUpdate.Events events, PeersSnapshot peers)
    {
        if (events.Changes.OfType<LeaseEvent.Removed>().Skip(1).FirstOrDefault() is null) return [];
        HashSet<string> gone = new(StringComparer.Ordinal);
        foreach (LeaseEvent change in events.Changes)
        {
            if (change is LeaseEvent.Removed removed) _ = gone.Add(removed.Node);
            else if (change is LeaseEvent.Added added) _ = gone.Remove(added.Lease.Node);
        }

        Lease[] had = [.. Accepted(peers).Where(lease => !_held.ContainsKey(lease.Node))];
        Lease[] vanishing = [.. had.Where(lease => gone.Contains(lease.Node))];
        return Departure.IsMassOfSeveral(vanishing.Length, had.Length) ? vanishing : [];
    }

    private void Hold(IReadOnlyList<Lease> leases, int gone, int count)
    {
        if (_held.Count == 0 && leases.Count > 0)
        {
            _since = time.GetTimestamp();
            _until = time.GetUtcNow() + grace;
            logger.PeersHeld(gone, count, (int)grace.TotalSeconds);
        }

        _held.Clear();
        foreach (Lease lease in leases) _held[lease.Node] = lease;
        _index = new(leases);
    }

    /// <summary>Gives up the held leases that contradict that lease, and returns their nodes.</summary>
    private IReadOnlyList<string> TakeRivals(Lease lease) =>
        _held.Count == 0 ? [] : [.. _index.Rivals(lease).Select(static rival => rival.Node).Where(_held.Remove)];

    private void GiveUp()
    {
        _held.Clear();
        _report = null;
    }

    private void Report()
    {
        if (_report is not null && _held.Count == 0) logger.HeldPeersAreBack();
        _report = _held.Count == 0 ? null : new HeldPeers(_held.Count, _until);
    }

    private static IEnumerable<Lease> Accepted(PeersSnapshot peers) =>
        peers.Peers.Where(static peer => peer.Verdict == LeaseVerdict.Accepted).Select(static peer => peer.Lease);
}
