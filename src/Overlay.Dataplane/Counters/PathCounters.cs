using System.Numerics;
using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Counters;

/// <summary>Counters of one direction of a queue. Its worker alone adds; any thread reads.</summary>
/// <remarks>Padded by a cache line at both ends, so that two paths' counters never share one.</remarks>
public sealed class PathCounters
{
    /// <summary>
    /// Sizes that batches are counted under, each by the power of two that it begins with: 1, 2 to 3, 4 to 7 …
    /// </summary>
    public const int BatchSizes = 7;

    private const int Padding = 16;
    private const int Packets = Padding;
    private const int Bytes = Packets + 1;
    private const int Batches = Bytes + 1;
    private const int Allocated = Batches + BatchSizes;
    private const int Drops = Allocated + 1;

    private static readonly int _reasons = Enum.GetValues<DropReason>().Length;

    private readonly PeerRows _peers;
    private readonly long[] _values = new long[Drops + _reasons + Padding];

    /// <param name="name">The worker's, as its thread is called.</param>
    /// <param name="direction">Which way its packets go.</param>
    public PathCounters(string name, Direction direction)
    {
        Name = name;
        Direction = direction;
        _peers = new PeerRows(direction);
    }

    public string Name { get; }

    public Direction Direction { get; }

    /// <summary>Packets passed on.</summary>
    public long ForwardedPackets => Volatile.Read(ref _values[Packets]);

    /// <summary>Bytes of inner IP packets passed on.</summary>
    public long ForwardedBytes => Volatile.Read(ref _values[Bytes]);

    /// <summary>
    /// Batches of <c>2^exponent</c> packets, super-packets and trains to <c>2^(exponent+1)-1</c>, as a device handed them
    /// over; the last size has no end.
    /// </summary>
    /// <param name="exponent">From 0; less than <see cref="BatchSizes"/>.</param>
    public long TakenBatches(int exponent) => Volatile.Read(ref _values[Batches + exponent]);

    /// <summary>
    /// Bytes of managed memory the worker's thread has allocated since it began; stays still once it is warm.
    /// </summary>
    public long AllocatedBytes => Volatile.Read(ref _values[Allocated]);

    /// <summary>Packets dropped for that reason.</summary>
    public long Dropped(DropReason reason) => Volatile.Read(ref _values[Drops + (int)reason]);

    /// <summary>Adds a batch that is done: each packet under its verdict.</summary>
    /// <param name="batch">The batch after its last device.</param>
    /// <param name="overhead">Bytes of encapsulation that the slots' lengths now include.</param>
    public void Add(PacketBatch batch, int overhead)
    {
        long packets = 0;
        long bytes = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            ref PacketSlot slot = ref batch[i];
            if (slot.Verdict != DropReason.None)
            {
                Increase(Drops + (int)slot.Verdict, 1);
                continue;
            }

            int length = slot.TotalLength - overhead;
            packets++;
            bytes += length;
            if (slot.Remote is { } peer) _peers.Add(peer, length);
        }

        Increase(Packets, packets);
        Increase(Bytes, bytes);
        Increase(Batches + Math.Min(BitOperations.Log2((uint)batch.ReceivedCount), BatchSizes - 1), 1);
        _peers.Flush();
        Volatile.Write(ref _values[Allocated], GC.GetAllocatedBytesForCurrentThread());
    }

    // One writer: a plain read and a plain 8-byte store, no interlocked instruction.
    private void Increase(int index, long by) => Volatile.Write(ref _values[index], _values[index] + by);
}
