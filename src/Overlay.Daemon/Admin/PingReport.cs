using Overlay.Daemon.Probes;

namespace Overlay.Daemon.Admin;

/// <summary>The report of <c>overlayctl ping</c>.</summary>
/// <param name="Target">The name, address or <c>all</c> that was asked for.</param>
/// <param name="Node">The node that it was started at.</param>
/// <param name="Peers">A row a peer and family, the worst first.</param>
/// <param name="Pod">The pod that has the address; null where none was asked for.</param>
/// <param name="LeftOut">Peers that the time did not suffice for.</param>
internal sealed record PingReport(
    string Target, string Node, IReadOnlyList<PingPeerReport> Peers, PingPodReport? Pod, int LeftOut)
{
    public static PingReport Of(PingResult result) => new(
        result.Target.Name, result.Node,
        [.. result.Peers.Select(ping => PingPeerReport.Of(ping, isShort: result.Target.IsEverybody))],
        result.Pod is { } pod ? PingPodReport.Of(pod) : null, result.LeftOut);
}

/// <summary>A peer by one family.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Family">IPv4 or IPv6, of the pods.</param>
/// <param name="Address">Its inner address.</param>
/// <param name="Way">tunnel or direct.</param>
/// <param name="Kind">overlay, icmp or none: the kind of packet that came back.</param>
/// <param name="Sent">Packets that were sent.</param>
/// <param name="Received">Packets that came back.</param>
/// <param name="Loss">The part that was lost, from 0 to 1.</param>
/// <param name="RttMicroseconds">Round trips; null where nothing came back.</param>
/// <param name="PathCount">Source ports that were used.</param>
/// <param name="Paths">Each source port; of all peers only those that lost packets.</param>
/// <param name="Mtu">The largest packet that came back; null where the peer answers no probes.</param>
/// <param name="Notes">Sentences on what is not as it should be.</param>
internal sealed record PingPeerReport(
    string Node, string Family, string Address, string Way, string Kind, int Sent, int Received, double Loss,
    PingRttReport? RttMicroseconds, int PathCount, IReadOnlyList<PingPathReport> Paths, PingMtuReport? Mtu,
    IReadOnlyList<string> Notes)
{
    /// <param name="ping">The result.</param>
    /// <param name="isShort">Paths without loss are left out.</param>
    public static PingPeerReport Of(PeerPing ping, bool isShort) => new(
        ping.Peer.Node, ping.Peer.Address.Family.ToString(), ping.Peer.Address.ToString(),
        ping.Peer.Overhead == 0 ? "direct" : "tunnel", NameOf(ping.Kind), ping.Sent, ping.Received,
        Math.Round(ping.Loss, 4), PingRttReport.Of(ping.Rtt), ping.Flows.Count,
        [
            .. ping.Flows.Where(flow => !isShort || flow.Received < flow.Sent)
                .Select(static flow => new PingPathReport(flow.Port, flow.Sent, flow.Received)),
        ],
        ping.Mtu is { } mtu ? PingMtuReport.Of(mtu) : null, ping.Notes);

    internal static string NameOf(PingKind kind) => kind switch
    {
        PingKind.Overlay => "overlay",
        PingKind.Icmp => "icmp",
        _ => "none",
    };
}

/// <summary>A pod, pinged by ICMP echo.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Node">The node that has it.</param>
/// <param name="IsLocal">The node is that of the ping.</param>
/// <param name="Sent">Echoes sent.</param>
/// <param name="Received">Echoes that came back.</param>
/// <param name="RttMicroseconds">Round trips; null where nothing came back.</param>
/// <param name="Notes">Sentences on the pod.</param>
internal sealed record PingPodReport(
    string Address, string Node, bool IsLocal, int Sent, int Received, PingRttReport? RttMicroseconds,
    IReadOnlyList<string> Notes)
{
    public static PingPodReport Of(PodPing ping) => new(
        ping.Pod.Address.ToString(), ping.Pod.Node, ping.Pod.IsLocal, ping.Sent, ping.Received,
        PingRttReport.Of(ping.Rtt), ping.Notes);
}

/// <summary>Round-trip times in microseconds.</summary>
internal sealed record PingRttReport(long Min, long Median, long P99)
{
    public static PingRttReport? Of(RttStatistics? rtt) => rtt is null
        ? null
        : new(Microseconds(rtt.Min), Microseconds(rtt.Median), Microseconds(rtt.P99));

    private static long Microseconds(TimeSpan time) => (long)Math.Round(time.TotalMicroseconds);
}

/// <summary>The probes of one source port.</summary>
internal sealed record PingPathReport(int SourcePort, int Sent, int Received);

/// <summary>The largest packet that came back.</summary>
/// <param name="Bytes">Its size; null where not even the smallest that was looked for came back.</param>
/// <param name="Device">Bytes that the device takes.</param>
/// <param name="UnderlayFound">Bytes that the underlay takes, as far as was found.</param>
/// <param name="UnderlayNeeded">Bytes that it has to take for the device's largest packet.</param>
internal sealed record PingMtuReport(int? Bytes, int Device, int? UnderlayFound, int UnderlayNeeded)
{
    public static PingMtuReport Of(PathMtu mtu) =>
        new(mtu.Bytes, mtu.Device, mtu.UnderlayFound, mtu.UnderlayNeeded);
}
