using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// Node a's decapsulator with peers b and c, and one slot, used again for every datagram as a worker does.
/// </summary>
internal sealed class IngressRig
{
    public const int Mtu = TestNode.PodMtu;

    private readonly PacketBatch _batch = new(1);
    private readonly ForwardingTable _table = TestNode.A.TableWith(TestNode.B, TestNode.C);

    /// <summary>The slot after the last datagram.</summary>
    public PacketSlot Slot => _batch[0];

    /// <summary>The bytes the slot now stands for.</summary>
    public ReadOnlySpan<byte> Packet => _batch.Packet(0);

    /// <summary>The whole memory behind the slot.</summary>
    public Span<byte> Buffer => _batch.Memory;

    /// <summary>From node b, well addressed in every layer.</summary>
    public DropReason DecapsulateFromB(byte[] inner, Ecn outerEcn = Ecn.NotEct) =>
        Decapsulate(DatagramBuilder.Between(TestNode.B, TestNode.A, inner).Build(), outerEcn: outerEcn);

    public DropReason Decapsulate(
        ReadOnlySpan<byte> datagram, IpAddress? outerSource = null, Ecn outerEcn = Ecn.NotEct, int segmentSize = 0)
    {
        _batch.Clear();
        _batch.PutDatagram(datagram, outerSource ?? TestNode.B.Remote.Address, outerEcn, segmentSize);
        Decapsulator.Decapsulate(_batch, _table);
        return Slot.Verdict;
    }
}
