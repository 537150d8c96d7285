using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Counters;

/// <summary>
/// Samples of what comes from addresses that no peer has, on their way from a worker to whoever finds out who they are.
/// </summary>
/// <remarks>
/// At most one a batch, and none while the reader has not taken those before: a flood costs a worker a look at two
/// numbers a batch. The worker alone adds, and one thread at a time takes.
/// </remarks>
public sealed class StrangerRing
{
    /// <summary>Samples that it holds; a power of two.</summary>
    public const int Size = 64;

    private readonly Stranger[] _samples = new Stranger[Size];
    private int _added;
    private int _taken;

    /// <summary>Adds a batch's frame from an address without a peer, where there is room and it is sound.</summary>
    /// <param name="batch">After the look-up of its senders, and before anything else is written to it.</param>
    public void Add(PacketBatch batch)
    {
        int added = _added;
        if (added - Volatile.Read(ref _taken) == Size) return;
        ref ReceivedBuffer received = ref batch.Received(batch.UnknownSender);
        Span<byte> datagram = batch.ReceivedBytes(batch.UnknownSender);

        // The first of a train will do, as all have one sender.
        if (received.SegmentSize > 0 && received.SegmentSize < datagram.Length)
            datagram = datagram[..received.SegmentSize];
        if (!Stranger.TryRead(received.OuterSource, datagram, out Stranger stranger)) return;
        _samples[added & (Size - 1)] = stranger;
        Volatile.Write(ref _added, added + 1);
    }

    /// <summary>Takes the oldest sample; false when there is none.</summary>
    public bool TryTake(out Stranger stranger)
    {
        int taken = _taken;
        bool isThere = taken != Volatile.Read(ref _added);
        stranger = isThere ? _samples[taken & (Size - 1)] : default;
        if (isThere) Volatile.Write(ref _taken, taken + 1);
        return isThere;
    }
}
