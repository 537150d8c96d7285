using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.State;

/// <summary>The accepted peers on this node's disk, <c>peers.json</c>.</summary>
/// <remarks>
/// Read before the store is: a node that held a prefix or an address before a restart still holds it afterwards, and a
/// store that cannot be reached stops no traffic.
/// </remarks>
/// <param name="stateDirectory">Made when missing.</param>
/// <param name="store">The store of the leases: another store has other nodes.</param>
/// <param name="logger">Logs a file that cannot be used or written.</param>
public sealed class SavedLeases(string stateDirectory, StoreLocation store, ILogger<SavedLeases> logger)
{
    private readonly LeaseSetFile _file = new(
        Path.Combine(stateDirectory, "peers.json"), store, "A start without the store begins without peers", logger);

    /// <summary>
    /// The leases saved last; null when there are none, when the file is damaged, and when they are another store's.
    /// </summary>
    public LeaseUpdate.Snapshot? Load() => _file.Load() is { } leases ? new(leases) : null;

    /// <summary>Saves the accepted peers, if they differ from those saved last. A full disk is no failure.</summary>
    public void Save(PeersSnapshot peers) => _file.Save(
        [.. peers.Peers.Where(static peer => peer.Verdict == LeaseVerdict.Accepted).Select(static peer => peer.Lease)]);
}
