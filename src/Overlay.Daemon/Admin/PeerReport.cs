using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Metrics;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Admin;

/// <summary>
/// A row of <c>overlayctl peers</c>: a peer; its path is tunnel, direct, or both where the families differ; it sends
/// from addresses that its lease lacks. Bytes are those of inner packets through the tunnel since it came into the
/// table; null for a peer that is not in it.
/// </summary>
internal sealed record PeerReport(
    string Node, string State, string? Subnet, string? SubnetV6, string? PublicIp, string? PublicIpV6,
    string? VtepMac, string? VtepMacV6, string? Path, string? SendsFrom, string? Reason, long? EgressBytes,
    long? IngressBytes)
{
    /// <summary>The path of a peer whose packets no tunnel carries.</summary>
    internal const string Direct = "direct";

    /// <param name="peers">All peers, also refused ones.</param>
    /// <param name="isDirect">Whether a plain route leads to a pod CIDR.</param>
    /// <param name="sendsFrom">The addresses without a lease that a node sends from.</param>
    /// <param name="traffic">The peers' traffic, by name.</param>
    public static IReadOnlyList<PeerReport> Of(
        PeersSnapshot peers, Func<IpPrefix, bool> isDirect, Func<string, IReadOnlyList<string>> sendsFrom,
        IReadOnlyDictionary<string, PeerBytes> traffic) =>
    [
        .. peers.Peers.Select(peer => new PeerReport(
            peer.Lease.Node, PeerStates.NameOf(peer.Verdict), peer.Lease.Subnet?.ToString(),
            peer.Lease.SubnetV6?.ToString(), peer.Lease.PublicIp?.ToString(), peer.Lease.PublicIpV6?.ToString(),
            peer.Lease.BackendData?.Mac?.ToString(), peer.Lease.BackendV6Data?.Mac?.ToString(), PathTo(peer, isDirect),
            sendsFrom(peer.Lease.Node) is { Count: > 0 } others ? string.Join(", ", others) : null, peer.Reason,
            Of(traffic, peer)?.EgressBytes, Of(traffic, peer)?.IngressBytes)),
    ];

    private static PeerBytes? Of(IReadOnlyDictionary<string, PeerBytes> traffic, PeerLease peer) =>
        traffic.TryGetValue(peer.Lease.Node, out PeerBytes bytes) ? bytes : null;

    private static string? PathTo(PeerLease peer, Func<IpPrefix, bool> isDirect)
    {
        if (peer.Verdict != LeaseVerdict.Accepted) return null;
        bool[] direct = [.. peer.Lease.PodCidrs.Select(isDirect).Distinct()];
        return direct.Length > 1 ? "tunnel and direct" : direct[0] ? Direct : "tunnel";
    }
}
