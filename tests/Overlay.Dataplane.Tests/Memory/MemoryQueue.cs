using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

/// <summary>A bounded queue of packets in order, many threads to one, that allocates nothing once it is made.</summary>
/// <remarks>
/// A full queue makes its writer wait: a test then sees every packet, however the threads are scheduled.
/// </remarks>
/// <param name="entries">Most packets.</param>
/// <param name="bytes">Most bytes of packets.</param>
/// <param name="filled">Set with every packet, for a reader that waits for more than this queue.</param>
internal sealed class MemoryQueue(int entries, int bytes, AutoResetEvent? filled = null)
{
    private const int MostAtOnce = 64 * 1024;

    private readonly object _gate = new();
    private readonly byte[] _bytes = new byte[bytes];
    private readonly Entry[] _entries = new Entry[entries];
    private int _first;
    private int _count;
    private bool _isInterrupted;

    /// <summary>False when the queue was interrupted and so may have no reader left.</summary>
    public bool Put(
        ReadOnlySpan<byte> packet, VirtioNetHeader offload = default, IpAddress source = default, Ecn ecn = default,
        int segmentSize = 0)
    {
        lock (_gate)
        {
            int start = -1;
            while (!_isInterrupted && (_count == entries || !TryPlace(packet.Length, out start))) Monitor.Wait(_gate);
            if (_isInterrupted) return false;
            packet.CopyTo(_bytes.AsSpan(start));
            _entries[(_first + _count) % entries] = new Entry(start, packet.Length, offload, source, ecn, segmentSize);
            _count++;
            Monitor.PulseAll(_gate);
        }

        _ = filled?.Set();
        return true;
    }

    /// <summary>
    /// Waits for a packet, then fills the batch with what is there; false once interrupted and empty.
    /// </summary>
    public bool Take(PacketBatch batch)
    {
        lock (_gate)
        {
            while (_count == 0 && !_isInterrupted) Monitor.Wait(_gate);
            return TryTake(batch);
        }
    }

    /// <summary>Fills the batch with what is there; false when that is nothing.</summary>
    public bool TryTake(PacketBatch batch)
    {
        batch.Clear();
        lock (_gate)
        {
            // No more at once than leaves again as fewer datagrams than a worker takes in at once: else two workers
            // that send to each other would fill each other's queues, and wait for each other.
            int taken = 0;
            while (_count > 0 && batch.ReceivedCount < batch.Capacity && taken < MostAtOnce)
            {
                ref Entry entry = ref _entries[_first];
                taken += entry.Length;
                batch.PutDatagram(_bytes.AsSpan(entry.Start, entry.Length), entry.Source, entry.Ecn, entry.SegmentSize);
                batch.Received(batch.ReceivedCount - 1).Offload = entry.Offload;
                _first = (_first + 1) % entries;
                _count--;
            }

            Monitor.PulseAll(_gate);
            return batch.ReceivedCount > 0;
        }
    }

    public void Interrupt()
    {
        lock (_gate)
        {
            _isInterrupted = true;
            Monitor.PulseAll(_gate);
        }
    }

    // Behind the last packet, or again from the front; never across the end.
    private bool TryPlace(int length, out int start)
    {
        start = 0;
        if (_count == 0) return length <= bytes;
        int head = _entries[_first].Start;
        Entry last = _entries[(_first + _count - 1) % entries];
        int tail = last.Start + last.Length;
        if (last.Start >= head)
        {
            if (bytes - tail >= length) start = tail;
            return start == tail || length < head;
        }

        start = tail;
        return length < head - tail;
    }

    private readonly record struct Entry(
        int Start, int Length, VirtioNetHeader Offload, IpAddress Source, Ecn Ecn, int SegmentSize);
}
