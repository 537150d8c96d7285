namespace Overlay.Daemon.Probes;

/// <summary>The result for a pod, by ICMP echo. Immutable.</summary>
/// <param name="Pod">The pod.</param>
/// <param name="Sent">Echoes sent.</param>
/// <param name="Received">Echoes that came back.</param>
/// <param name="Rtt">Their times; null of none.</param>
/// <param name="Notes">Sentences on the pod and on what is not as it should be.</param>
internal sealed record PodPing(
    PodEnd Pod, int Sent, int Received, RttStatistics? Rtt, IReadOnlyList<string> Notes);

/// <summary>The result of a whole ping. Immutable.</summary>
/// <param name="Target">The destination.</param>
/// <param name="Node">The node that it was started at.</param>
/// <param name="Peers">The worst first.</param>
/// <param name="Pod">The pod; null where none was asked for.</param>
/// <param name="LeftOut">Peers that the time did not suffice for.</param>
internal sealed record PingResult(
    PingTarget Target, string Node, IReadOnlyList<PeerPing> Peers, PodPing? Pod, int LeftOut);
