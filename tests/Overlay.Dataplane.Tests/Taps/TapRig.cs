using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Dataplane.Taps;
using Overlay.Testing;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>Node a's two paths with a listener, and both devices in the test's hand.</summary>
internal sealed class TapRig : IUnderlay
{
    private readonly PacketBatch _batch = new(16);
    private readonly MemoryTun _tun = new(takesSuperPackets: true);
    private readonly TapPoint _point = new();
    private readonly EgressPath _egress;
    private readonly IngressPath _ingress;
    private (byte[] Bytes, IpAddress Source, int SegmentSize)[] _arriving = [];

    public TapRig()
    {
        TablePublisher publisher = new();
        publisher.Publish(A.TableWith(B, C), TableChange.None);
        _egress = new EgressPath(_tun, this, publisher, new PathCounters("egress-0", Direction.Egress), _point);
        _ingress = new IngressPath(
            this, _tun, publisher, new PathCounters("ingress-0", Direction.Ingress), new StrangerRing(), _point);
    }

    public ManualTimeProvider Time { get; } = new();

    /// <summary>The end that the underlay makes of a slot that goes out, by its number.</summary>
    public Func<int, DropReason> Sent { get; set; } = static _ => DropReason.None;

    /// <summary>Begins to listen.</summary>
    public TapRing Listen(TapFilter? filter = null, int snap = 256) =>
        _point.Ring = new TapRing(filter ?? TapFilter.None, snap, Time);

    public void StopListening() => _point.Ring = null;

    /// <summary>Pods send; one batch goes out.</summary>
    public void GoOut(params (byte[] Packet, VirtioNetHeader Offload)[] packets)
    {
        foreach ((byte[] packet, VirtioNetHeader offload) in packets) _tun.PodSends(packet, offload);
        _egress.TryForward(_batch).ShouldBeTrue();
    }

    /// <summary>A batch comes in.</summary>
    public void ComeIn(params (byte[] Bytes, IpAddress Source, int SegmentSize)[] datagrams)
    {
        _arriving = datagrams;
        _ingress.TryForward(_batch).ShouldBeTrue();
    }

    /// <summary>All records that are there, with their bytes.</summary>
    public static List<(TapRecord Record, byte[] Bytes)> TakeAll(TapRing ring)
    {
        List<(TapRecord, byte[])> all = [];
        while (ring.TryPeek(out TapRecord record, out ReadOnlySpan<byte> bytes))
        {
            all.Add((record, bytes.ToArray()));
            ring.Take();
        }

        return all;
    }

    public bool TryReceive(PacketBatch batch)
    {
        batch.Clear();
        foreach ((byte[] bytes, IpAddress source, int segmentSize) in _arriving)
            batch.PutDatagram(bytes, source, Ecn.NotEct, segmentSize);
        return _arriving.Length > 0;
    }

    public void Send(PacketBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            if (batch[i].Verdict == DropReason.None) batch[i].Verdict = Sent(i);
        }
    }
}
