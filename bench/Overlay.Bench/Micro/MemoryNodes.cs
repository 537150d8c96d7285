using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Dataplane.Taps;
using Overlay.Dataplane.Workers;
using Overlay.Wire.Values;

namespace Overlay.Bench.Micro;

/// <summary>Two nodes' real workers, one that sends and one that receives, with memory for devices.</summary>
internal sealed class MemoryNodes
{
    private readonly MemoryTun _from;
    private readonly MemoryTun _to = new();
    private readonly QueueWorker _sender;
    private readonly QueueWorker _receiver;
    private readonly TapRing[] _rings = [];

    /// <param name="sender">Table of the node whose pod sends.</param>
    /// <param name="receiver">Table of the node whose pod receives.</param>
    /// <param name="outerSource">Underlay address of the sender.</param>
    /// <param name="packet">What the pod sends each time.</param>
    /// <param name="offload">How its kernel describes the packet.</param>
    /// <param name="isCaptured">Somebody captures on both nodes.</param>
    public MemoryNodes(
        ForwardingTable sender, ForwardingTable receiver, IpAddress outerSource, byte[] packet, VirtioNetHeader offload,
        bool isCaptured = false)
    {
        (QueueCounters from, QueueCounters to) = (QueueCounters.For("sender"), QueueCounters.For("receiver"));
        _from = new MemoryTun(packet, offload);
        MemoryLink link = new(outerSource);
        _sender = new("sender", _from, link, new NoWait(), Publisher(sender), from);
        _receiver = new("receiver", _to, link.FarEnd, new NoWait(), Publisher(receiver), to);
        if (isCaptured) _rings = [Listen(from), Listen(to)];
    }

    /// <summary>The pod sends its packet, and each worker forwards what is there.</summary>
    /// <returns>Packets that came out at the other node.</returns>
    public int Carry()
    {
        _from.Offer();
        _sender.Run();
        _receiver.Run();
        foreach (TapRing ring in _rings)
        {
            while (ring.TryPeek(out _, out _)) ring.Take();
        }

        return _to.Written;
    }

    private static TapRing Listen(QueueCounters counters) =>
        counters.Tap.Ring = new TapRing(TapFilter.None, snap: 256, TimeProvider.System);

    private static TablePublisher Publisher(ForwardingTable table)
    {
        TablePublisher publisher = new();
        publisher.Publish(table, TableChange.None);
        return publisher;
    }

    /// <summary>A worker that is interrupted from the start forwards what is there, and returns.</summary>
    private sealed class NoWait : IReadiness
    {
        public bool IsInterrupted => true;

        public void Wait() => throw new NotSupportedException("the worker is interrupted");

        public void Interrupt() => throw new NotSupportedException("the worker is interrupted");
    }
}
