using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Taps;
using Overlay.Fuzzing.Packets;
using Overlay.Fuzzing.Targets;
using Overlay.Wire.Values;

namespace Overlay.Fuzzing.Ingress;

/// <summary>
/// Datagrams from the underlay: the whole way in, from the receive to the TUN, its counters and its capture.
/// </summary>
/// <remarks>Input: a byte of choices, then records as <see cref="ReceivedDatagrams"/> reads them.</remarks>
internal sealed class IngressTarget : IFuzzTarget
{
    private const byte JoinsTcp = 1;
    private const byte JoinsUdp = 2;
    private const byte Captures = 4;
    private const byte RefusesJoined = 8;
    private const int Snap = 256;

    private static readonly DropReason[] _reasons = Enum.GetValues<DropReason>();

    private readonly PacketBatch _batch = new(PacketRecord.Most);
    private readonly ReceivedDatagrams _received = new();
    private readonly DeliveredPackets _delivered;
    private readonly PathCounters _counters = new("ingress-0", Direction.Ingress);
    private readonly StrangerRing _strangers = new();
    private readonly TapPoint _tap = new();
    private readonly TapRing _ring = new(new TapFilter(null, null, false), Snap, TimeProvider.System);
    private readonly IngressPath _path;

    public IngressTarget()
    {
        _delivered = new DeliveredPackets(_received);
        TablePublisher publisher = new();
        ForwardingTable table = FuzzNetwork.Table();
        publisher.Publish(table, TableChange.From(table));
        _path = new IngressPath(_received, _delivered, publisher, _counters, _strangers, _tap);
    }

    public string Name => "ingress";

    public IEnumerable<Seed> Seeds => IngressSeeds.All();

    public void Execute(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty) return;
        byte choices = input[0];
        _delivered.TakesTcpSuperPackets = (choices & JoinsTcp) != 0;
        _delivered.TakesUdpSuperPackets = (choices & JoinsUdp) != 0;
        _delivered.RefusesJoined = (choices & RefusesJoined) != 0;
        _tap.Ring = (choices & Captures) != 0 ? _ring : null;
        _received.Give(input[1..]);
        long dropped = Dropped();
        (long packets, long bytes) = (_counters.ForwardedPackets, _counters.ForwardedBytes);
        if (!_path.TryForward(_batch)) return;

        Invariant.Holds(_counters.ForwardedPackets - packets == _delivered.Packets, "each packet delivered is counted");
        Invariant.Holds(_counters.ForwardedBytes - bytes == _delivered.Bytes, "each byte delivered is counted");
        Invariant.Holds(
            Dropped() - dropped + _delivered.Packets == _batch.Count, "each packet is counted once");
        CheckNumber();
        for (int i = 0; i < _received.Count; i++) GuardBytes.Check(_batch, i, PacketBatch.Headroom);
        CheckStranger();
        CheckCapture();
    }

    // Every datagram of a train is one, also an empty buffer.
    private void CheckNumber()
    {
        int least = 0;
        for (int i = 0; i < _received.Count; i++) least += _batch.Received(i).Length == 0 ? 1 : 0;
        int most = least;
        for (int i = 0; i < _received.Count; i++)
        {
            (int length, int segment) = (_batch.Received(i).Length, _batch.Received(i).SegmentSize);
            if (length == 0) continue;
            least++;
            most += segment == 0 ? 1 : (length + segment - 1) / segment;
        }

        Invariant.Holds(_batch.Count >= least && _batch.Count <= most, "a packet is made of each datagram");
    }

    private void CheckStranger()
    {
        if (!_strangers.TryTake(out Stranger stranger)) return;
        Invariant.Holds(
            Enumerable.Range(0, _received.Count).Any(i => IsOfNobody(i)
                && FuzzNetwork.Senders[_received.SenderOf(i)] == stranger.Address),
            "a stranger is one that has sent");
        Invariant.Holds(stranger.Source.Family is IpFamily.IPv4 or IpFamily.IPv6);
        Invariant.Holds(!_strangers.TryTake(out _), "a batch leaves one sample");
    }

    private bool IsOfNobody(int buffer) => FuzzNetwork.NodeOf(_received.SenderOf(buffer)) is null;

    private void CheckCapture()
    {
        if (_tap.Ring is null) return;
        long packets = 0;
        while (_ring.TryPeek(out TapRecord record, out ReadOnlySpan<byte> bytes))
        {
            Invariant.Holds(bytes.Length <= Snap && bytes.Length <= record.Length && !record.IsEgress);
            Invariant.Holds(record.Dropped == (record.Verdict == DropReason.None ? 0 : record.Packets));
            packets += record.Packets;
            _ring.Take();
        }

        Invariant.Holds(
            packets == _batch.Count || _delivered.RefusesJoined, "a capture that keeps up has every packet");
    }

    private long Dropped()
    {
        long sum = 0;
        foreach (DropReason reason in _reasons) sum += _counters.Dropped(reason);
        return sum;
    }
}
