using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Trust;

namespace Overlay.ControlPlane.Sources.Files;

/// <summary>The difference of two looks at a store that sends no events of its own.</summary>
internal static class LeaseDifference
{
    /// <summary>
    /// The changes; or all leases, at the first look and when too many are gone to have been removed one by one.
    /// </summary>
    public static LeaseUpdate Between(IReadOnlyList<Lease>? before, IReadOnlyList<Lease> now)
    {
        if (before is null) return new LeaseUpdate.Snapshot(now);
        List<string> gone =
            [.. before.Select(static lease => lease.Node).Except(now.Select(static lease => lease.Node))];
        if (Departure.IsMassOfSeveral(gone.Count, before.Count)) return new LeaseUpdate.Snapshot(now);

        // Removals first: they make room.
        return new LeaseUpdate.Events(
        [
            .. gone.Select(static node => new LeaseEvent.Removed(node)),
            .. now.Except(before).Select(static lease => new LeaseEvent.Added(lease)),
        ]);
    }
}
