using Overlay.Dataplane.Packets;
using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing.Packets;

/// <summary>Bytes around each packet of a batch that nobody may write to.</summary>
internal static class GuardBytes
{
    private const byte Guard = 0xa5;
    private const int Behind = 64;

    /// <summary>Lays them around a buffer that was filled.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="index">The buffer.</param>
    /// <param name="inFront">Bytes in front of the packet; the others of its headroom may be written to.</param>
    public static void Lay(PacketBatch batch, int index, int inFront)
    {
        int start = PacketBatch.StartOf(index);
        batch.Memory.AsSpan(start - PacketBatch.Headroom, inFront).Fill(Guard);
        batch.Memory.AsSpan(start + batch.Received(index).Length, Behind).Fill(Guard);
    }

    /// <exception cref="BrokenInvariantException">One was written to.</exception>
    public static void Check(PacketBatch batch, int index, int inFront)
    {
        int start = PacketBatch.StartOf(index);
        Invariant.Holds(
            batch.Memory.AsSpan(start - PacketBatch.Headroom, inFront).IndexOfAnyExcept(Guard) < 0,
            "nothing is written in front of a packet's headroom");
        Invariant.Holds(
            batch.Memory.AsSpan(start + batch.Received(index).Length, Behind).IndexOfAnyExcept(Guard) < 0,
            "nothing is written behind a packet");
    }
}
