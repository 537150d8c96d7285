namespace Overlay.ControlPlane.Trust;

/// <summary>
/// The rules by which a whole answer of a store is not believed: it would wipe the table for a store that is lost or
/// another one.
/// </summary>
/// <remarks>
/// A directory is believed by this node's own lease in it (<see cref="OwnLeaseWitness"/>). Leases that vanish from a
/// store that is believed are held for a while (<see cref="SnapshotHold"/>).
/// </remarks>
internal static class StoreBelief
{
    /// <summary>
    /// A cluster has at least this node: a list without any is that of a wrong or emptied API server.
    /// </summary>
    public static bool IsCluster(int nodes, bool knowsLeases) => nodes > 0 || !knowsLeases;

    /// <summary>A network in etcd has settings or leases: without either it is lost, or not made yet.</summary>
    public static bool IsNetwork(bool hasSettings, bool hasLeases) => hasSettings || hasLeases;
}
