using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane;

/// <summary>Doubts a snapshot that lacks most peers: what is new in it is believed at once, what is gone only after a while. Not thread-safe.</summary>
/// <remarks>
/// A store that was lost and made anew is empty, and sound. Its nodes fill it again, and no packet need be lost
/// meanwhile. Single removals are events, and those are believed; and so is whatever contradicts a peer that is held.
/// </remarks>
/// <param name="grace">How long peers are held; zero for not at all.</param>
/// <param name="time">Clock of the grace.</param>
/// <param name="logger">Told when holding begins and ends.</param>
public sealed class SnapshotHold(TimeSpan grace, TimeProvider time, ILogger<SnapshotHold> logger)
{
    private readonly Dictionary<string, Lease> _held = new(StringComparer.Ordinal);
    private long _since;
    private DateTimeOffset _until;
    private volatile HeldPeers? _report;

    /// <summary>What is held; null when nothing is. Any thread may read it.</summary>
    public HeldPeers? Held => _report;

    /// <summary>How long until <see cref="Release"/> is due; null when nothing is held.</summary>
    public TimeSpan? EndsIn
    {
        get
        {
            if (_held.Count == 0) return null;
            TimeSpan left = grace - time.GetElapsedTime(_since);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>The update as it is to be believed.</summary>
    /// <param name="update">As the store told it.</param>
    /// <param name="peers">What is known so far.</param>
    public LeaseUpdate Filter(LeaseUpdate update, PeersSnapshot peers) => update switch
    {
        LeaseUpdate.Snapshot snapshot => Filter(snapshot, peers),
        LeaseUpdate.Events events when _held.Count > 0 => Filter(events),
        _ => update,
    };

    /// <summary>Gives up what is held: the store has had its time.</summary>
    public LeaseUpdate.Events Release()
    {
        LeaseUpdate.Events removed = new([.. _held.Keys.Select(static node => new LeaseEvent.Removed(node))]);
        if (_held.Count > 0) logger.LogWarning("The {Count} peers that the store lacks are given up: they have not come back", _held.Count);
        Hold([]);
        return removed;
    }

    private LeaseUpdate.Snapshot Filter(LeaseUpdate.Snapshot snapshot, PeersSnapshot peers)
    {
        HashSet<string> said = [.. snapshot.Leases.Select(static lease => lease.Node)];
        Lease[] accepted = [.. peers.Peers.Where(static peer => peer.Verdict == LeaseVerdict.Accepted).Select(static peer => peer.Lease)];
        Lease[] gone = [.. accepted.Where(lease => !said.Contains(lease.Node))];
        bool isOver = EndsIn == TimeSpan.Zero;
        if (grace == TimeSpan.Zero || isOver || 2 * gone.Length <= accepted.Length)
        {
            if (_held.Count > 0 && !isOver) logger.LogInformation("The store has its leases again");
            Hold([]);
            return snapshot;
        }

        bool isFirst = _held.Count == 0;
        if (isFirst)
        {
            _since = time.GetTimestamp();
            _until = time.GetUtcNow() + grace;
        }

        Lease[] held = [.. gone.Where(lease => !snapshot.Leases.Any(other => Contradict(lease, other)))];
        Hold(held);
        if (isFirst)
        {
            logger.LogWarning(
                "The store lacks {Gone} of {Count} peers all at once: they are kept for {Seconds} s, should it fill again", gone.Length, accepted.Length,
                (int)grace.TotalSeconds);
        }

        return new([.. snapshot.Leases, .. held]);
    }

    private LeaseUpdate.Events Filter(LeaseUpdate.Events events)
    {
        List<LeaseEvent> changes = [];
        foreach (LeaseEvent change in events.Changes)
        {
            if (change is LeaseEvent.Removed removed) _ = _held.Remove(removed.Node);
            if (change is LeaseEvent.Added added)
            {
                _ = _held.Remove(added.Lease.Node);
                foreach (Lease rival in _held.Values.Where(lease => Contradict(lease, added.Lease)).ToArray())
                {
                    _ = _held.Remove(rival.Node);
                    changes.Add(new LeaseEvent.Removed(rival.Node));
                }
            }

            changes.Add(change);
        }

        if (_held.Count == 0) logger.LogInformation("The store has its leases again");
        Hold([.. _held.Values]);
        return new(changes);
    }

    private void Hold(IReadOnlyList<Lease> leases)
    {
        _held.Clear();
        foreach (Lease lease in leases) _held[lease.Node] = lease;
        _report = leases.Count == 0 ? null : new HeldPeers(leases.Count, _until);
    }

    private static bool Contradict(Lease one, Lease other) =>
        one.PodCidrs.Any(prefix => other.PodCidrs.Any(prefix.Overlaps)) || one.PublicAddresses.Intersect(other.PublicAddresses).Any();
}
