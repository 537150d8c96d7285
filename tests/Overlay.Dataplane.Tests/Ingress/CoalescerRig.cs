using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// Node a's way in, as its worker goes it: datagrams from b are decapsulated, joined, and taken out as a TUN would take
/// them.
/// </summary>
internal sealed class CoalescerRig(bool joinsTcp = true, bool joinsUdp = true)
{
    private readonly PacketBatch _batch = new(64);
    private readonly Coalescer _coalescer = new();
    private readonly ForwardingTable _table = A.TableWith(B, C);

    /// <summary>Most packets of one batch, as each comes in a buffer of its own.</summary>
    public int Capacity => _batch.Capacity;

    /// <summary>What the TUN is told to write for those packets, in that order.</summary>
    public IReadOnlyList<Written> Join(params IEnumerable<byte[]> packets)
    {
        _batch.Clear();
        foreach (byte[] packet in packets)
            _batch.PutDatagram(DatagramBuilder.Between(B, A, packet).Build(), B.Remote.Address, Ecn.NotEct);
        Decapsulator.Decapsulate(_batch, _table);
        _coalescer.Coalesce(_batch, joinsTcp, joinsUdp);

        List<Written> written = [];
        HashSet<int> appended = [];
        for (int i = 0; i < _batch.Count; i++)
        {
            _batch[i].Verdict.ShouldBe(DropReason.None);
            if (_batch[i].IsAppended) continue;
            int count = 1;
            for (int next = _batch[i].Next; next != PacketSlot.None; next = _batch[next].Next, count++)
            {
                _batch[next].IsAppended.ShouldBeTrue("a slot is written twice");
                appended.Add(next).ShouldBeTrue("a slot is appended twice");
            }

            written.Add(new Written(_batch.JoinedPacket(i), _batch[i].Offload, count));
        }

        (written.Count + appended.Count).ShouldBe(_batch.Count, "a slot is marked as appended, and to nothing");
        return written;
    }

    /// <summary>The packets that are left of joined ones when the TUN refuses each super-packet, in that order.</summary>
    public IReadOnlyList<byte[]> JoinAndPart(params IEnumerable<byte[]> packets)
    {
        _ = Join(packets);
        List<byte[]> parted = [];
        for (int i = 0; i < _batch.Count; i++)
        {
            ref PacketSlot slot = ref _batch[i];
            slot.IsAppended.ShouldBeFalse("a chain has not been taken apart");
            if (slot.Next != PacketSlot.None) Coalescer.Part(_batch, i);
            (slot.Next, slot.PayloadLength, slot.Offload.IsSuperPacket).ShouldBe((PacketSlot.None, 0, false));
            Span<byte> packet = _batch.Packet(i);
            if (slot.Offload.Flags != 0) ChecksumCompletion.TryComplete(packet, slot.Offload).ShouldBeTrue();
            parted.Add(packet.ToArray());
        }

        return parted;
    }

    /// <summary>One write: a packet or a super-packet, and of how many packets it was made.</summary>
    internal sealed record Written(byte[] Packet, VirtioNetHeader Offload, int Count);
}
