using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// Node a's decapsulator and a batch whose buffers hold trains: datagrams of one size, joined by the receiving kernel.
/// </summary>
internal sealed class TrainRig(int capacity = 4)
{
    private readonly ForwardingTable _table = A.TableWith(B, C);

    public PacketBatch Batch { get; } = new(capacity);

    /// <summary>The verdicts of all slots.</summary>
    public DropReason[] Verdicts => [.. Enumerable.Range(0, Batch.Count).Select(i => Batch[i].Verdict)];

    /// <summary>One buffer, of datagrams of which only the last may be shorter.</summary>
    public void ReceiveTrain(params IReadOnlyList<byte[]> datagrams) =>
        Receive(new Train([.. datagrams.SelectMany(static datagram => datagram)], datagrams[0].Length));

    public void Receive(params IEnumerable<Train> trains)
    {
        Batch.Clear();
        foreach (Train train in trains)
            Batch.PutDatagram(train.Bytes, train.Source ?? B.Remote.Address, train.Ecn, train.SegmentSize);
        Decapsulator.Decapsulate(Batch, _table);
    }

    /// <summary>What one receive brings.</summary>
    internal sealed record Train(byte[] Bytes, int SegmentSize, IpAddress? Source = null, Ecn Ecn = Ecn.NotEct);
}
