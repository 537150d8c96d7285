using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Files;

/// <summary>What two looks at a store that tells no events of its own differ by.</summary>
internal static class LeaseDifference
{
    /// <summary>The changes; or all that there is, at the first look and when it is too much to have been removed one by one.</summary>
    public static LeaseUpdate Between(IReadOnlyList<Lease>? before, IReadOnlyList<Lease> now)
    {
        if (before is null) return new LeaseUpdate.Snapshot(now);
        List<string> gone = [.. before.Select(static lease => lease.Node).Except(now.Select(static lease => lease.Node))];
        if (gone.Count >= 2 && 2 * gone.Count > before.Count) return new LeaseUpdate.Snapshot(now);

        // What goes makes room first.
        return new LeaseUpdate.Events(
        [
            .. gone.Select(static node => new LeaseEvent.Removed(node)),
            .. now.Except(before).Select(static lease => new LeaseEvent.Added(lease)),
        ]);
    }
}
