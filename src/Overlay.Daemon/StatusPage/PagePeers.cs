using Overlay.Daemon.Admin;
using Overlay.Daemon.Probes;

namespace Overlay.Daemon.StatusPage;

/// <summary>The status page's peers.</summary>
/// <param name="Total">The number of all.</param>
/// <param name="Rows">The worst of them: refused ones, those that lose packets, then the others by name.</param>
internal sealed record PagePeers(int Total, IReadOnlyList<PagePeer> Rows)
{
    // As many as a person looks through; thousands would keep a phone busy each time.
    private const int MostRows = 200;

    /// <param name="peers">All peers, also refused ones.</param>
    /// <param name="mesh">The probes' results.</param>
    public static PagePeers Of(IReadOnlyList<PeerReport> peers, MeshState mesh)
    {
        ILookup<string, PeerHealth> probes = mesh.Peers.ToLookup(static health => health.Last.Peer.Node);
        return new PagePeers(peers.Count,
        [
            .. peers.Select(peer => PagePeer.Of(peer, probes[peer.Node]))
                .OrderByDescending(static peer => peer.Badness).ThenBy(static peer => peer.Node, StringComparer.Ordinal)
                .Take(MostRows),
        ]);
    }
}

/// <summary>
/// A row: a peer, with what its lease has and what the probes have found. Bytes are null where no tunnel carries them.
/// </summary>
internal sealed record PagePeer(
    string Node, string State, IReadOnlyList<string> PodCidrs, IReadOnlyList<string> Underlay, string? Path,
    string? Reason, long? Bytes, IReadOnlyList<PageProbe> Probes)
{
    /// <summary>The row's place, the highest first.</summary>
    internal double Badness =>
        Reason is not null ? 2 : Probes.Select(static probe => probe.Badness).DefaultIfEmpty().Max();

    public static PagePeer Of(PeerReport peer, IEnumerable<PeerHealth> probes) => new(
        peer.Node, peer.State, Known(peer.Subnet, peer.SubnetV6), Known(peer.PublicIp, peer.PublicIpV6), peer.Path,
        peer.Reason, peer.Path == PeerReport.Direct ? null : peer.EgressBytes + peer.IngressBytes,
        [.. probes.OrderBy(static health => health.Last.Peer.Address.Family).Select(PageProbe.Of)]);

    private static string[] Known(params string?[] values) => [.. values.OfType<string>()];
}

/// <summary>The probes of a peer by one family.</summary>
/// <param name="Family">IPv4 or IPv6, of the pods.</param>
/// <param name="Kind">overlay, icmp or none: the kind of packet that came back.</param>
/// <param name="Loss">The part that was lost within the last minute, from 0 to 1.</param>
/// <param name="RttMicroseconds">The last round's median round trip; null where nothing came back.</param>
/// <param name="Mtu">The largest packet that came back; null where the peer answers no probes.</param>
/// <param name="IsNarrow">Pods' largest packets do not come through.</param>
/// <param name="Notes">Sentences on what is not as it should be.</param>
internal sealed record PageProbe(
    string Family, string Kind, double Loss, double? RttMicroseconds, int? Mtu, bool IsNarrow,
    IReadOnlyList<string> Notes)
{
    internal double Badness => IsNarrow ? Math.Max(Loss, 0.01) : Loss;

    public static PageProbe Of(PeerHealth health)
    {
        PeerPing last = health.Last;
        return new PageProbe(
            $"{last.Peer.Address.Family}", PingPeerReport.NameOf(last.Kind), Math.Round(health.Loss, 4),
            last.Rtt is { } rtt ? Math.Round(rtt.Median.TotalMicroseconds) : null, last.Mtu?.Bytes,
            last.Mtu is { IsWhole: false }, last.Notes);
    }
}
