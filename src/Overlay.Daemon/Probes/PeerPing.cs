namespace Overlay.Daemon.Probes;

/// <summary>The result for one peer by one family. Immutable.</summary>
/// <param name="Peer">The peer.</param>
/// <param name="Kind">The kind of packet that came back.</param>
/// <param name="Sent">Packets of that kind that were sent; probes where none came back.</param>
/// <param name="Received">Packets that came back.</param>
/// <param name="Rtt">Their times; null of none.</param>
/// <param name="Flows">Loss of each flow; none with ICMP.</param>
/// <param name="Mtu">The largest packet that came back; null where none was looked for.</param>
/// <param name="Notes">Sentences on all that is not as it should be.</param>
internal sealed record PeerPing(
    PeerEnd Peer, PingKind Kind, int Sent, int Received, RttStatistics? Rtt, IReadOnlyList<FlowLoss> Flows,
    PathMtu? Mtu, IReadOnlyList<string> Notes)
{
    /// <summary>The part of the packets that was lost, from 0 to 1.</summary>
    public double Loss => Sent == 0 ? 1 : (double)(Sent - Received) / Sent;
}

/// <summary>The probes of one flow.</summary>
/// <param name="Port">Its source port.</param>
/// <param name="Sent">Probes that were sent.</param>
/// <param name="Received">Probes that came back.</param>
internal sealed record FlowLoss(int Port, int Sent, int Received);

/// <summary>The largest packet that came back.</summary>
/// <param name="Bytes">Its size; null where not even the smallest that was looked for came back.</param>
/// <param name="Device">Bytes that the device takes, and pods send.</param>
/// <param name="Overhead">Bytes that the tunnel adds.</param>
internal sealed record PathMtu(int? Bytes, int Device, int Overhead)
{
    /// <summary>Every packet that the device takes comes back.</summary>
    public bool IsWhole => Bytes == Device;

    /// <summary>Bytes that the underlay has to take on the whole way.</summary>
    public int UnderlayNeeded => Device + Overhead;

    /// <summary>Bytes that it takes, as far as was found.</summary>
    public int? UnderlayFound => Bytes + Overhead;
}

/// <summary>The kind of packet that came back from a peer.</summary>
internal enum PingKind
{
    /// <summary>Its daemon answers probes.</summary>
    Overlay,

    /// <summary>Its kernel answers ICMP echo, and nobody answers probes.</summary>
    Icmp,

    /// <summary>No packet came back.</summary>
    None,
}
