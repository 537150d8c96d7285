using Overlay.ControlPlane.Leases;

namespace Overlay.Daemon.Tests;

/// <summary>Peers of a number in each state.</summary>
internal static class PeersSnapshots
{
    public static PeersSnapshot Of(int accepted, int notReady = 0) => new(
        [
            .. Enumerable.Range(0, accepted).Select(static i => Peer($"accepted-{i}", LeaseVerdict.Accepted)),
            .. Enumerable.Range(0, notReady).Select(static i => Peer($"not-ready-{i}", LeaseVerdict.NotReady)),
        ], null);

    private static PeerLease Peer(string node, LeaseVerdict verdict) => new(new Lease { Node = node }, verdict, null);
}
