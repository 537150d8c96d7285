using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Wire.Values;

namespace Overlay.Bench.Micro;

/// <summary>
/// The near end of a link to another node: a batch of one flow is copied once, as a network does, and arrives as one
/// train.
/// </summary>
/// <remarks>One thread runs both nodes, so the copy goes straight to where the far end's worker receives.</remarks>
internal sealed class MemoryLink(IpAddress outerSource) : IUnderlay
{
    private readonly FarSide _far = new(outerSource);

    public IUnderlay FarEnd => _far;

    public void Send(PacketBatch batch) => _far.Arrive(batch);

    public bool TryReceive(PacketBatch batch)
    {
        batch.Clear();
        return false;
    }

    /// <summary>Copies a batch into the first buffer of another, as UDP offloads hand it over.</summary>
    public static void Carry(PacketBatch sent, PacketBatch received, IpAddress outerSource)
    {
        received.Clear();
        Describe(received, Copy(sent, received), sent[0].TotalLength, outerSource);
    }

    private static int Copy(PacketBatch sent, PacketBatch received)
    {
        int start = PacketBatch.StartOf(0);
        int end = start;
        for (int i = 0; i < sent.Count; i++)
        {
            PacketSlot slot = sent[i];
            sent.Packet(i).CopyTo(received.Memory.AsSpan(end));
            sent.Memory.AsSpan(slot.PayloadOffset, slot.PayloadLength)
                .CopyTo(received.Memory.AsSpan(end + slot.Length));
            end += slot.TotalLength;
        }

        return end - start;
    }

    private static void Describe(PacketBatch received, int length, int segmentSize, IpAddress outerSource)
    {
        ref ReceivedBuffer buffer = ref received.AddReceived();
        buffer.Length = length;
        buffer.SegmentSize = segmentSize;
        buffer.OuterSource = outerSource;
    }

    private sealed class FarSide(IpAddress outerSource) : IUnderlay
    {
        private readonly PacketBatch _firstTrain = new(1);
        private PacketBatch? _buffers;
        private int _length;
        private int _segmentSize;

        public void Arrive(PacketBatch sent)
        {
            _length = Copy(sent, _buffers ?? _firstTrain);
            _segmentSize = sent[0].TotalLength;
        }

        public void Send(PacketBatch batch)
        {
        }

        public bool TryReceive(PacketBatch batch)
        {
            batch.Clear();
            bool isNew = _buffers is null;
            _buffers = batch;
            if (_length == 0) return false;

            // The worker that receives is known from its first call on.
            if (isNew)
                _firstTrain.Memory.AsSpan(PacketBatch.StartOf(0), _length)
                    .CopyTo(batch.Memory.AsSpan(PacketBatch.StartOf(0)));
            Describe(batch, _length, _segmentSize, outerSource);
            _length = 0;
            return true;
        }
    }
}
