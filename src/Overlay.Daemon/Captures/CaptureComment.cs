using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Taps;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Captures;

/// <summary>The words beside a captured packet: its end, the reason, and the peer.</summary>
internal static class CaptureComment
{
    /// <param name="record">The packet.</param>
    /// <param name="table">Knows the peers' names.</param>
    public static string Of(in TapRecord record, ForwardingTable table)
    {
        string way = record.IsEgress ? "to" : "from";
        string? node = table.Fdb.TryFind(record.Peer, out RemoteVtep? peer) ? $"node {peer.Node}" : null;
        bool hasPeer = record.Peer.Family is IpFamily.IPv4 or IpFamily.IPv6;
        if (record.Verdict == DropReason.None)
        {
            string end = node is null ? $"forwarded {way} {record.Peer}" : $"forwarded {way} {node}";
            return record.Packets > 1 ? $"{end}, {record.Packets} packets in one" : end;
        }

        string cause = hasPeer
            ? $"dropped: {record.Verdict} ({way} {(node is null ? "" : $"{node}, ")}{record.Peer})"
            : $"dropped: {record.Verdict}";
        return record.Packets > 1 ? $"{cause}, {record.Dropped} of {record.Packets} packets" : cause;
    }
}
