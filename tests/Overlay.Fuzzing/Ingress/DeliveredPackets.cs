using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Dataplane.Tests;
using Overlay.Fuzzing.Packets;
using Overlay.Fuzzing.Targets;
using Overlay.Wire;

namespace Overlay.Fuzzing.Ingress;

/// <summary>A TUN that holds each packet that it is to take against the datagram that brought it.</summary>
/// <param name="received">The datagrams.</param>
internal sealed class DeliveredPackets(ReceivedDatagrams received) : ITunDevice
{
    /// <summary>Takes TCP super-packets.</summary>
    public bool TakesTcpSuperPackets { get; set; }

    /// <summary>Takes UDP super-packets.</summary>
    public bool TakesUdpSuperPackets { get; set; }

    /// <summary>Refuses what was joined, as a kernel may that has said otherwise.</summary>
    public bool RefusesJoined { get; set; }

    /// <summary>Packets of the last batch.</summary>
    public int Packets { get; private set; }

    /// <summary>Their bytes.</summary>
    public int Bytes { get; private set; }

    public bool TryRead(PacketBatch batch) => throw new NotSupportedException("nothing goes out");

    public void Write(PacketBatch batch)
    {
        (Packets, Bytes) = (0, 0);
        int appended = 0;
        int followed = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            if (batch[i].Verdict != DropReason.None) continue;
            Packets++;
            Bytes += batch[i].TotalLength;
            if (batch[i].IsAppended) appended++;
            else followed += Check(batch, i);
        }

        Invariant.Holds(appended == followed, "a packet is appended to one other");
        if (!RefusesJoined) return;
        for (int i = 0; i < batch.Count; i++)
        {
            if (batch[i].Verdict == DropReason.None && batch[i].Next != PacketSlot.None) CheckParted(batch, i);
        }
    }

    /// <returns>Packets that are written with this one.</returns>
    private int Check(PacketBatch batch, int index)
    {
        PacketSlot slot = batch[index];
        if (slot.Next == PacketSlot.None)
        {
            OffloadCheck.Single(batch.Packet(index), slot, Expected(batch, index));
            return 0;
        }

        List<byte[]> expected = [Expected(batch, index)];
        for (int next = slot.Next; next != PacketSlot.None; next = batch[next].Next)
            expected.Add(Expected(batch, next));
        IReadOnlyList<byte[]> cut = PacketSplitter.Split(batch.JoinedPacket(index), slot.Offload);
        Invariant.Holds(cut.Count == expected.Count, "a super-packet is cut into the packets that it was joined of");
        for (int i = 0; i < cut.Count; i++) CheckSame(cut[i], expected[i]);
        return cut.Count - 1;
    }

    private void CheckParted(PacketBatch batch, int index)
    {
        List<int> chain = [index];
        for (int next = batch[index].Next; next != PacketSlot.None; next = batch[next].Next) chain.Add(next);
        byte[][] expected = [.. chain.Select(slot => Expected(batch, slot))];
        Coalescer.Part(batch, index);
        for (int i = 0; i < chain.Count; i++)
        {
            PacketSlot slot = batch[chain[i]];
            Invariant.Holds(
                slot is { Next: PacketSlot.None, PayloadLength: 0, IsAppended: false, Offload.IsSuperPacket: false },
                "a packet that was parted is one by itself");
            byte[] packet = batch.Packet(chain[i]).ToArray();
            if (slot.Offload.Flags != 0)
                Invariant.Holds(ChecksumCompletion.TryComplete(packet, slot.Offload), "its checksum can be made whole");
            CheckSame(packet, expected[i]);
        }
    }

    // Senders' identifications do not survive joining.
    private static void CheckSame(byte[] packet, byte[] expected) => Invariant.Same(
        PacketSplitter.WithoutIdentification(packet),
        PacketSplitter.WithoutIdentification(ExpectedPacket.Finished(expected)), "a packet of those that were joined");

    private byte[] Expected(PacketBatch batch, int index)
    {
        PacketSlot slot = batch[index];
        int buffer = slot.Offset / PacketBatch.BufferSize;
        int into = slot.Offset - VxlanOverhead.InPayload - PacketBatch.StartOf(buffer);
        ReadOnlySpan<byte> came = received.Bytes(batch, buffer);
        ref ReceivedBuffer of = ref batch.Received(buffer);
        int segment = of.SegmentSize > 0 ? of.SegmentSize : came.Length;
        Invariant.Holds(into >= 0 && into % segment == 0, "a packet begins with its datagram");
        Invariant.Holds(
            into + VxlanOverhead.InPayload + slot.TotalLength <= came.Length, "a packet ends within its datagram");
        Invariant.Holds(
            VxlanOverhead.InPayload + slot.TotalLength <= segment
            || (into == 0 && VxlanOverhead.InPayload + slot.TotalLength == came.Length),
            "a packet ends within its segment, or is all that came");
        Invariant.Holds(
            slot.PayloadLength == 0 || slot.PayloadOffset == slot.Offset + slot.Length, "a payload stays where it was");
        return ExpectedPacket.Of(
            came[into..], slot.TotalLength, FuzzNetwork.NodeOf(received.SenderOf(buffer)), of.OuterEcn);
    }
}
