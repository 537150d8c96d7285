using Overlay.Dataplane.Packets;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Taps;

/// <summary>A packet, or a super-packet with all that it stands for, as a worker was done with it.</summary>
public struct TapRecord
{
    /// <summary>The time at which its batch was done, in ticks of 100 ns of <see cref="DateTime"/>, UTC.</summary>
    public long Ticks;

    /// <summary>
    /// Outer destination on the way out, outer source on the way in; of neither family where there is no peer.
    /// </summary>
    public IpAddress Peer;

    /// <summary>The way is from the TUN to the underlay, and not the other way.</summary>
    public bool IsEgress;

    /// <summary>The reason of its first packet that was dropped; <see cref="DropReason.None"/> without one.</summary>
    public DropReason Verdict;

    /// <summary>Bytes of the inner packet.</summary>
    public int Length;

    /// <summary>The first of those bytes that were copied.</summary>
    public int CapturedLength;

    /// <summary>Packets that it stands for: 1, or the segments of a super-packet.</summary>
    public int Packets;

    /// <summary>The number of them that were dropped.</summary>
    public int Dropped;
}
