using Overlay.ControlPlane.Leases;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>
/// Addresses that accepted peers have been seen to send from, besides those of their leases. Not thread-safe.
/// </summary>
/// <remarks>
/// None outlives what made it right: the peer's lease with that MAC, and an address that no lease has. Not saved: a
/// started node learns them from the first frames again.
/// </remarks>
internal sealed class LearnedSenders
{
    // A host may have two uplinks of either family.
    private const int MostOfPeer = 4;

    // The oldest first.
    private readonly OrderedDictionary<IpAddress, RemoteVtep> _vteps = [];

    /// <summary>The VTEPs, one row of the FDB each.</summary>
    public IEnumerable<RemoteVtep> Vteps => _vteps.Values;

    /// <summary>Takes an address that is new.</summary>
    /// <returns>The peer's oldest address, where it has made room for the new one.</returns>
    public RemoteVtep? Add(RemoteVtep vtep)
    {
        RemoteVtep[] known = [.. _vteps.Values.Where(known => known.Node == vtep.Node)];
        RemoteVtep? oldest = known.Length < MostOfPeer ? null : known[0];
        if (oldest is not null) _ = _vteps.Remove(oldest.Address);
        _vteps[vtep.Address] = vtep;
        return oldest;
    }

    /// <summary>Forgets what an update has made wrong, and returns it.</summary>
    public IReadOnlyList<RemoteVtep> Drop(IReadOnlyList<PeerChange> outcome, Lease own)
    {
        if (_vteps.Count == 0) return [];
        List<RemoteVtep> dropped =
        [
            .. _vteps.Values.Where(vtep => own.PublicAddresses.Contains(vtep.Address)),
            .. outcome.SelectMany(static change => change.Now?.Lease.PublicAddresses ?? [])
                .Select(address => _vteps.GetValueOrDefault(address)).OfType<RemoteVtep>(),
            .. outcome.SelectMany(change => _vteps.Values.Where(vtep =>
                vtep.Node == (change.Before ?? change.Now)!.Lease.Node && !IsStill(vtep, change.Now))),
        ];
        foreach (RemoteVtep vtep in dropped) _ = _vteps.Remove(vtep.Address);
        return [.. dropped.Distinct()];
    }

    private static bool IsStill(RemoteVtep vtep, PeerLease? peer) =>
        peer?.Verdict == LeaseVerdict.Accepted && peer.Lease.Vteps.Any(announced => announced.Mac == vtep.Mac);
}
