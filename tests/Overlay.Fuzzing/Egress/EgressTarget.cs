using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Taps;
using Overlay.Fuzzing.Packets;
using Overlay.Fuzzing.Targets;
using Overlay.Wire;

namespace Overlay.Fuzzing.Egress;

/// <summary>
/// Pods' packets: the whole way out, from the read of the TUN to the send, its counters and its capture.
/// </summary>
/// <remarks>Input: a byte of choices, then records as <see cref="PodPackets"/> reads them.</remarks>
internal sealed class EgressTarget : IFuzzTarget
{
    /// <summary>Bytes in front of a packet that its outer headers leave alone.</summary>
    public const int Untouched = PacketBatch.Headroom - VxlanOverhead.InPayload;

    private const byte Captures = 1;

    private static readonly DropReason[] _reasons = Enum.GetValues<DropReason>();

    private readonly PacketBatch _batch = new(PacketRecord.Most);
    private readonly PodPackets _pods = new();
    private readonly SentDatagrams _sent;
    private readonly PathCounters _counters = new("egress-0", Direction.Egress);
    private readonly TapPoint _tap = new();
    private readonly TapRing _ring = new(new TapFilter(null, null, false), TapRing.LeastSnap, TimeProvider.System);
    private readonly EgressPath _path;

    public EgressTarget()
    {
        _sent = new SentDatagrams(_pods);
        TablePublisher publisher = new();
        ForwardingTable table = FuzzNetwork.Table();
        publisher.Publish(table, TableChange.From(table));
        _path = new EgressPath(_pods, _sent, publisher, _counters, _tap);
    }

    public string Name => "egress";

    public IEnumerable<Seed> Seeds => EgressSeeds.All();

    public void Execute(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty) return;
        _tap.Ring = (input[0] & Captures) != 0 ? _ring : null;
        _pods.Give(input[1..]);
        _sent.Begin();
        long dropped = Dropped();
        (long packets, long bytes) = (_counters.ForwardedPackets, _counters.ForwardedBytes);
        if (!_path.TryForward(_batch)) return;

        Invariant.Holds(_counters.ForwardedPackets - packets == _sent.Datagrams, "each datagram sent is counted");
        Invariant.Holds(_counters.ForwardedBytes - bytes == _sent.Bytes, "each byte sent is counted");
        Invariant.Holds(_sent.Buffers == _batch.ReceivedCount, "each packet has a slot");
        Invariant.Holds(Dropped() - dropped + _sent.Datagrams == _sent.Slots, "each packet is counted once");
        for (int i = 0; i < _batch.ReceivedCount; i++) GuardBytes.Check(_batch, i, Untouched);
        while (_ring.TryPeek(out TapRecord record, out ReadOnlySpan<byte> captured))
        {
            Invariant.Holds(captured.Length <= Math.Min(TapRing.LeastSnap, record.Length) && record.IsEgress);
            _ring.Take();
        }
    }

    private long Dropped()
    {
        long sum = 0;
        foreach (DropReason reason in _reasons) sum += _counters.Dropped(reason);
        return sum;
    }
}
