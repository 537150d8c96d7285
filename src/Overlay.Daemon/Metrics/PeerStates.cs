using Overlay.ControlPlane.Leases;

namespace Overlay.Daemon.Metrics;

/// <summary>States of peers, as reports and metrics name them.</summary>
internal static class PeerStates
{
    public static string NameOf(LeaseVerdict verdict) => verdict switch
    {
        LeaseVerdict.Accepted => "accepted",
        LeaseVerdict.Refused => "refused",
        _ => "not ready",
    };

    /// <summary>The number of peers in each state, those without peers too.</summary>
    public static IReadOnlyList<(string State, int Count)> Count(PeersSnapshot peers) =>
        [.. Enum.GetValues<LeaseVerdict>().Select(verdict => (NameOf(verdict), Count(peers, verdict)))];

    public static int Count(PeersSnapshot peers, LeaseVerdict verdict) =>
        peers.Peers.Count(peer => peer.Verdict == verdict);
}
