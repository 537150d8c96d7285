using Overlay.Dataplane.Taps;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Captures;

/// <summary>The packets that a client wants, and when the capture ends by itself.</summary>
/// <param name="Peers">Underlay addresses of one peer; null for packets of any peer, or of none.</param>
/// <param name="Pod">Source or destination of the inner packet; null for any.</param>
/// <param name="IsDropsOnly">Only packets that were dropped.</param>
/// <param name="Snap">Most bytes of each packet.</param>
/// <param name="Count">Most packets.</param>
/// <param name="Limit">The longest time.</param>
internal sealed record CaptureRequest(
    IReadOnlyList<IpAddress>? Peers, IpAddress? Pod, bool IsDropsOnly, int Snap, long Count, TimeSpan Limit)
{
    /// <summary>Bytes that show addresses, ports and the begin of what programs say to each other.</summary>
    public const int DefaultSnap = 256;

    /// <summary>The longest time of a capture: one that somebody forgets ends before long.</summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromMinutes(10);

    /// <summary>The same packets, as a worker finds them.</summary>
    public TapFilter Filter => new(Peers, Pod, IsDropsOnly);
}
