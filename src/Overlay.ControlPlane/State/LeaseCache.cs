using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.State;

/// <summary>The accepted peers on this node's disk, <c>peers.json</c>.</summary>
/// <remarks>
/// Read before the store is: who held a prefix or an address before a restart still holds it then, and a store that
/// cannot be reached stops no traffic.
/// </remarks>
/// <param name="stateDirectory">Made when missing.</param>
/// <param name="store">Whose leases they are: another store has other nodes.</param>
/// <param name="logger">Told of a file that cannot be used.</param>
public sealed class LeaseCache(string stateDirectory, StoreLocation store, ILogger<LeaseCache> logger)
{
    private readonly LeaseSetFile _file = new(Path.Combine(stateDirectory, "peers.json"), store, logger);

    /// <summary>What was saved last; null when nothing was, nothing that makes sense, or what another store said.</summary>
    public LeaseUpdate.Snapshot? Load() => _file.TryLoad(out IReadOnlyList<Lease>? leases) ? new(leases) : null;

    /// <summary>Saves the accepted peers, if they are others than those saved last. A disk that is full is no failure.</summary>
    public void Save(PeersSnapshot peers) =>
        _file.Save(peers.Peers.Where(static peer => peer.Verdict == LeaseVerdict.Accepted).Select(static peer => peer.Lease));
}
