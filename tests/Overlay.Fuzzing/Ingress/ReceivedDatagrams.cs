using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Fuzzing.Packets;
using Overlay.Fuzzing.Targets;
using Overlay.Wire;
using Overlay.Wire.Headers;

namespace Overlay.Fuzzing.Ingress;

/// <summary>
/// An underlay that hands over the records of an input as datagrams and trains, and remembers them as they came.
/// </summary>
/// <remarks>
/// Choices of a record: the sender in the lowest three bits, the outer ECN in the next two, and
/// <see cref="ChecksumMending"/>. Two bytes more are the segment size of a train.
/// </remarks>
internal sealed class ReceivedDatagrams : IUnderlay
{
    private readonly byte[] _asCame = new byte[PacketRecord.Most * PacketBatch.BufferSize];
    private readonly int[] _senders = new int[PacketRecord.Most];
    private byte[] _input = [];
    private int _inputLength;

    /// <summary>Buffers that were filled.</summary>
    public int Count { get; private set; }

    public void Give(ReadOnlySpan<byte> records)
    {
        if (_input.Length < records.Length) _input = new byte[records.Length];
        records.CopyTo(_input);
        _inputLength = records.Length;
    }

    public bool TryReceive(PacketBatch batch)
    {
        batch.Clear();
        FuzzInput input = new(_input.AsSpan(0, _inputLength));
        while (!input.IsEmpty && batch.ReceivedCount < PacketRecord.Most) Add(batch, PacketRecord.Take(ref input, 2));
        Count = batch.ReceivedCount;
        return Count > 0;
    }

    public void Send(PacketBatch batch) => throw new NotSupportedException("nothing goes out");

    /// <summary>The number of the sender of a buffer in <see cref="FuzzNetwork.Senders"/>.</summary>
    public int SenderOf(int buffer) => _senders[buffer];

    /// <summary>A buffer as it came.</summary>
    public ReadOnlySpan<byte> Bytes(PacketBatch batch, int buffer) =>
        _asCame.AsSpan(PacketBatch.StartOf(buffer), batch.Received(buffer).Length);

    private void Add(PacketBatch batch, PacketRecord record)
    {
        int index = batch.ReceivedCount;
        Span<byte> bytes = batch.Memory.AsSpan(PacketBatch.StartOf(index), record.Bytes.Length);
        record.Bytes.CopyTo(bytes);
        FuzzInput extra = new(record.Extra);
        int segmentSize = extra.UInt16();
        _senders[index] = record.Choices & 7;
        ref ReceivedBuffer received = ref batch.AddReceived();
        received.Length = bytes.Length;
        received.SegmentSize = segmentSize;
        received.OuterSource = FuzzNetwork.Senders[_senders[index]];
        received.OuterEcn = (Ecn)((record.Choices >> 3) & 3);

        // One packet may fill all of it, or each piece of a train has its own.
        int step = segmentSize == 0 ? Math.Max(bytes.Length, 1) : segmentSize;
        ChecksumMending.Apply(Inner(bytes), record.Choices);
        for (int at = step; at < bytes.Length; at += step)
            ChecksumMending.Apply(Inner(bytes.Slice(at, Math.Min(step, bytes.Length - at))), record.Choices);
        bytes.CopyTo(_asCame.AsSpan(PacketBatch.StartOf(index)));
        GuardBytes.Lay(batch, index, PacketBatch.Headroom);
    }

    private static Span<byte> Inner(Span<byte> datagram) =>
        datagram.Length > VxlanOverhead.InPayload ? datagram[VxlanOverhead.InPayload..] : default;
}
