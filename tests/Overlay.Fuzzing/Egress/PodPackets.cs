using System.Runtime.InteropServices;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Fuzzing.Packets;
using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing.Egress;

/// <summary>
/// A TUN that hands over the records of an input as pods' packets, each with the offload header before it.
/// </summary>
/// <remarks>Choices of a record: <see cref="ChecksumMending"/>. Ten bytes more are its virtio-net header.</remarks>
internal sealed class PodPackets : ITunDevice
{
    private byte[] _input = [];
    private int _inputLength;

    public bool TakesTcpSuperPackets => false;

    public bool TakesUdpSuperPackets => false;

    /// <summary>The packets as they came.</summary>
    public List<byte[]> AsCame { get; } = [];

    public void Give(ReadOnlySpan<byte> records)
    {
        if (_input.Length < records.Length) _input = new byte[records.Length];
        records.CopyTo(_input);
        _inputLength = records.Length;
    }

    public bool TryRead(PacketBatch batch)
    {
        batch.Clear();
        AsCame.Clear();
        FuzzInput input = new(_input.AsSpan(0, _inputLength));
        Span<byte> header = stackalloc byte[VirtioNetHeader.Length];
        while (!input.IsEmpty && batch.ReceivedCount < PacketRecord.Most)
        {
            PacketRecord record = PacketRecord.Take(ref input, VirtioNetHeader.Length);
            int index = batch.ReceivedCount;
            Span<byte> packet = batch.Memory.AsSpan(PacketBatch.StartOf(index), record.Bytes.Length);
            record.Bytes.CopyTo(packet);
            ChecksumMending.Apply(packet, record.Choices);
            header.Clear();
            record.Extra.CopyTo(header);
            ref ReceivedBuffer received = ref batch.AddReceived();
            received.Length = packet.Length;
            received.Offload = MemoryMarshal.Read<VirtioNetHeader>(header);
            AsCame.Add(packet.ToArray());
            GuardBytes.Lay(batch, index, EgressTarget.Untouched);
        }

        return batch.ReceivedCount > 0;
    }

    public void Write(PacketBatch batch) => throw new NotSupportedException("nothing comes in");
}
