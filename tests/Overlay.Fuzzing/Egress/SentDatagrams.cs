using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Dataplane.Tests;
using Overlay.Fuzzing.Packets;
using Overlay.Fuzzing.Targets;
using Overlay.Wire;
using Overlay.Wire.Values;

namespace Overlay.Fuzzing.Egress;

/// <summary>An underlay that holds each datagram that it is to send against the packet that it was made of.</summary>
/// <param name="pods">The packets.</param>
internal sealed class SentDatagrams(PodPackets pods) : IUnderlay
{
    /// <summary>Buffers whose packets have been sent or dropped since <see cref="Begin"/>.</summary>
    public int Buffers { get; private set; }

    /// <summary>Slots that those took.</summary>
    public int Slots { get; private set; }

    /// <summary>Datagrams sent.</summary>
    public int Datagrams { get; private set; }

    /// <summary>Bytes of the packets in them.</summary>
    public int Bytes { get; private set; }

    /// <summary>A batch comes, in one pass or, where its segments fill all slots, in several.</summary>
    public void Begin() => (Buffers, Slots, Datagrams, Bytes) = (0, 0, 0, 0);

    public bool TryReceive(PacketBatch batch) => throw new NotSupportedException("nothing comes in");

    public void Send(PacketBatch batch)
    {
        Invariant.Holds(batch.Count > 0, "each pass has a slot");
        int slot = 0;
        for (; slot < batch.Count; Buffers++)
        {
            int buffer = Buffers;
            Invariant.Holds(buffer < batch.ReceivedCount, "a slot is of one packet");
            List<byte[]> sent = [];
            int first = slot;
            if (batch[slot].Verdict != DropReason.None) slot++;
            else
            {
                while (slot < batch.Count && batch[slot].Verdict == DropReason.None && IsOf(batch, slot, buffer, first))
                    sent.Add(Take(batch, slot++));
            }

            if (sent.Count == 0) continue;
            if (!batch.Received(buffer).Offload.IsSuperPacket)
                CheckPlain(batch.Received(buffer).Offload, pods.AsCame[buffer], sent);
            else
                SegmentsCheck.Check(
                    batch.Received(buffer).Offload, pods.AsCame[buffer],
                    batch[first].Length - VxlanOverhead.InPayload, sent);
        }

        Slots += slot;
    }

    // A packet by itself stays in its buffer; the headers of segments lie apart, and their payloads stay.
    private static bool IsOf(PacketBatch batch, int slot, int buffer, int first)
    {
        int at = batch[slot].PayloadLength > 0 ? batch[slot].PayloadOffset : batch[slot].Offset;
        return at / PacketBatch.BufferSize == buffer && (slot == first || batch[slot].PayloadLength > 0);
    }

    private byte[] Take(PacketBatch batch, int slot)
    {
        byte[] datagram = batch.WholePacket(slot);
        Datagrams++;
        Bytes += datagram.Length - VxlanOverhead.InPayload;
        CheckFrame(batch[slot], datagram);
        return datagram[VxlanOverhead.InPayload..];
    }

    private static void CheckFrame(in PacketSlot slot, byte[] datagram)
    {
        ReadOnlySpan<byte> packet = datagram.AsSpan(VxlanOverhead.InPayload);
        (_, byte[] destination) = FuzzNetwork.AddressesOf(packet);
        TestNode? node = FuzzNetwork.NodeOf(destination);
        Invariant.Holds(node is not null && node != TestNode.A, "what is sent is for a pod of a peer");
        bool isIpv4 = packet[0] >> 4 == 4;
        Invariant.Holds(
            slot.Remote == (isIpv4 ? node.Remote : node.RemoteV6), "what is sent goes to the node of its destination");
        Invariant.Same(datagram.AsSpan(0, 8), [8, 0, 0, 0, 0x0a, 0x0b, 0x0c, 0], "the VXLAN header");
        Invariant.Holds(MacAddress.Read(datagram.AsSpan(8)) == node.Mac, "the frame is for the peer's MAC");
        Invariant.Holds(MacAddress.Read(datagram.AsSpan(14)) == TestNode.A.Mac, "the frame is from this node's MAC");
        Invariant.Holds(datagram[20] == (isIpv4 ? 0x08 : 0x86) && datagram[21] == (isIpv4 ? 0x00 : 0xdd));
    }

    private static void CheckPlain(in VirtioNetHeader offload, byte[] packet, List<byte[]> sent)
    {
        Invariant.Holds(sent.Count == 1, "a packet is sent once");
        byte[] expected = packet[..sent[0].Length];
        if ((offload.Flags & VirtioNetHeader.NeedsChecksum) != 0)
        {
            int field = offload.ChecksumStart + offload.ChecksumOffset;
            Invariant.Holds(field + 2 <= expected.Length, "a checksum lies in its packet");
            ushort sum = (ushort)~ReferenceChecksum.Sum(expected.AsSpan(offload.ChecksumStart));
            if (sum == 0) sum = 0xffff;
            (expected[field], expected[field + 1]) = ((byte)(sum >> 8), (byte)sum);
        }

        Invariant.Same(sent[0], expected, "a packet that is sent");
    }
}
