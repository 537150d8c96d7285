using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>A peer before and after an update; null where it was not there yet, or is there no longer.</summary>
internal readonly record struct PeerChange(PeerLease? Before, PeerLease? Now)
{
    public bool WasAccepted => Before?.Verdict == LeaseVerdict.Accepted;

    public bool IsAccepted => Now?.Verdict == LeaseVerdict.Accepted;

    /// <summary>The forwarding table holds other rows for this peer now.</summary>
    public bool ChangesTable => WasAccepted != IsAccepted || (IsAccepted && Before!.Lease != Now!.Lease);

    /// <summary>Every peer that differs between two lists, both in the order of the names.</summary>
    public static IReadOnlyList<PeerChange> Between(IReadOnlyList<PeerLease> before, IReadOnlyList<PeerLease> now)
    {
        List<PeerChange> changes = [];
        int old = 0;
        int next = 0;
        while (old < before.Count || next < now.Count)
        {
            PeerLease? was = old < before.Count ? before[old] : null;
            PeerLease? current = next < now.Count ? now[next] : null;
            if (!ReferenceEquals(was, current))
            {
                int order = was is null
                    ? 1
                    : current is null ? -1 : string.CompareOrdinal(was.Lease.Node, current.Lease.Node);
                if (order < 0) current = null;
                else if (order > 0) was = null;
                changes.Add(new(was, current));
            }

            if (was is not null) old++;
            if (current is not null) next++;
        }

        return changes;
    }
}
