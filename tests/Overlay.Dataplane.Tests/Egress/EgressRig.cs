using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Wire;

namespace Overlay.Dataplane.Tests;

/// <summary>Node a's encapsulator and one slot, used again for every packet as a worker does.</summary>
internal sealed class EgressRig
{
    private readonly PacketBatch _batch = new(1);
    private readonly ForwardingTable _table = TestNode.A.TableWith(TestNode.B, TestNode.C);

    /// <summary>The slot after the last packet.</summary>
    public PacketSlot Slot => _batch[0];

    /// <summary>The bytes the slot now stands for.</summary>
    public ReadOnlySpan<byte> Datagram => _batch.Packet(0);

    /// <summary>The packet behind the headers that were put in front.</summary>
    public byte[] Inner => Datagram[VxlanOverhead.InPayload..].ToArray();

    public DropReason Encapsulate(ReadOnlySpan<byte> packet, VirtioNetHeader offload = default)
    {
        _batch.Clear();
        _batch.PutPacket(packet, offload);
        _ = Encapsulator.Encapsulate(_batch, _table);
        return Slot.Verdict;
    }
}
