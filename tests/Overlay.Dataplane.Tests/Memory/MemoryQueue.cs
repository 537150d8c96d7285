using Overlay.Wire;

namespace Overlay.Dataplane.Tests;

/// <summary>A bounded queue of packets in order, many threads to one, that allocates nothing once it is made.</summary>
/// <remarks>A full queue makes its writer wait: a test then sees every packet, however the threads are scheduled.</remarks>
internal sealed class MemoryQueue(int capacity, int packetSize)
{
    private readonly object _gate = new();
    private readonly byte[] _bytes = new byte[capacity * packetSize];
    private readonly Entry[] _entries = new Entry[capacity];
    private int _first;
    private int _count;
    private bool _isInterrupted;

    /// <summary>False when the queue was interrupted and so may have no reader left.</summary>
    public bool Put(
        ReadOnlySpan<byte> packet, VirtioNetHeader offload = default, IpAddress source = default, Ecn ecn = default, int segmentSize = 0)
    {
        lock (_gate)
        {
            while (_count == capacity && !_isInterrupted) Monitor.Wait(_gate);
            if (_isInterrupted) return false;
            int index = (_first + _count) % capacity;
            packet.CopyTo(_bytes.AsSpan(index * packetSize, packetSize));
            _entries[index] = new Entry(packet.Length, offload, source, ecn, segmentSize);
            _count++;
            Monitor.PulseAll(_gate);
            return true;
        }
    }

    /// <summary>Waits for a packet, then fills the batch with what is there; false once interrupted and empty.</summary>
    public bool Take(PacketBatch batch)
    {
        batch.Clear();
        lock (_gate)
        {
            while (_count == 0 && !_isInterrupted) Monitor.Wait(_gate);
            while (_count > 0 && batch.ReceivedCount < batch.Capacity)
            {
                ref Entry entry = ref _entries[_first];
                ReadOnlySpan<byte> packet = _bytes.AsSpan(_first * packetSize, entry.Length);
                batch.PutDatagram(packet, entry.Source, entry.Ecn, entry.SegmentSize);
                batch.Received(batch.ReceivedCount - 1).Offload = entry.Offload;
                _first = (_first + 1) % capacity;
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

    private readonly record struct Entry(int Length, VirtioNetHeader Offload, IpAddress Source, Ecn Ecn, int SegmentSize);
}
