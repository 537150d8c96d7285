using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Taps;

/// <summary>The packets that a listener wants. Immutable; all values are computed when the capture begins.</summary>
public sealed class TapFilter
{
    private readonly IpAddress[]? _peers;
    private readonly byte[]? _pod;
    private readonly bool _isDropsOnly;

    /// <param name="peers">Underlay addresses of the peer; null for packets of any peer, or of none.</param>
    /// <param name="pod">Source or destination of the inner packet; null for any.</param>
    /// <param name="isDropsOnly">Only packets that were dropped.</param>
    public TapFilter(IReadOnlyList<IpAddress>? peers, IpAddress? pod, bool isDropsOnly)
    {
        _peers = peers is null ? null : [.. peers];
        _isDropsOnly = isDropsOnly;
        if (pod is not { } address) return;
        _pod = new byte[address.Bits / 8];
        _ = address.Write(_pod);
    }

    /// <summary>Every packet.</summary>
    public static TapFilter None { get; } = new(null, null, false);

    /// <summary>The packet is wanted.</summary>
    internal bool Takes(in TapRecord record, ReadOnlySpan<byte> packet) =>
        (!_isDropsOnly || record.Verdict != DropReason.None)
        && (_peers is null || IsOfPeer(record.Peer))
        && (_pod is null || IsOfPod(packet));

    private bool IsOfPeer(IpAddress peer)
    {
        foreach (IpAddress address in _peers!)
        {
            if (address == peer) return true;
        }

        return false;
    }

    private bool IsOfPod(ReadOnlySpan<byte> packet)
    {
        bool isIpv4 = _pod!.Length == Ipv4Address.Length;
        (int source, int destination, int version) = isIpv4
            ? (Ipv4Header.SourceOffset, Ipv4Header.DestinationOffset, 4)
            : (Ipv6Header.SourceOffset, Ipv6Header.DestinationOffset, 6);
        return packet.Length >= destination + _pod.Length && packet[0] >> 4 == version
            && (packet.Slice(source, _pod.Length).SequenceEqual(_pod)
                || packet.Slice(destination, _pod.Length).SequenceEqual(_pod));
    }
}
