using System.Buffers;
using Overlay.Daemon.Networks;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Taps;
using Overlay.Wire.Captures;

namespace Overlay.Daemon.Captures;

/// <summary>A capture while it runs: a ring at each worker, whose packets become blocks of pcapng.</summary>
/// <remarks>A thread at a time writes blocks; any thread asks for the sums.</remarks>
internal sealed class CaptureSession : IDisposable
{
    private const int Egress = 0;
    private const int Ingress = 1;

    private readonly NetworkCounters _counters;
    private readonly TablePublisher _publisher;
    private readonly TimeProvider _time;
    private readonly Action _ended;
    private readonly TapRing[] _rings;
    private readonly long[] _written = new long[2];
    private readonly long[] _missedTold = [-1, -1];
    private readonly long _begun;
    private bool _isOver;

    /// <param name="request">The packets that are wanted.</param>
    /// <param name="counters">Have the place where each worker looks.</param>
    /// <param name="publisher">Knows the peers' names.</param>
    /// <param name="time">Clock of the packets.</param>
    /// <param name="ended">Called when the workers are left alone again.</param>
    public CaptureSession(
        CaptureRequest request, NetworkCounters counters, TablePublisher publisher, TimeProvider time, Action ended)
    {
        (Request, _counters, _publisher, _time, _ended) = (request, counters, publisher, time, ended);
        _begun = time.GetTimestamp();
        TapFilter filter = request.Filter;
        _rings = new TapRing[counters.Queues];
        for (int i = 0; i < _rings.Length; i++) _rings[i] = new TapRing(filter, request.Snap, time);
        for (int i = 0; i < _rings.Length; i++) counters[i].Tap.Ring = _rings[i];
    }

    /// <summary>The packets that are wanted.</summary>
    public CaptureRequest Request { get; }

    /// <summary>Packets written.</summary>
    public long Written => Volatile.Read(ref _written[Egress]) + Volatile.Read(ref _written[Ingress]);

    /// <summary>Packets that were wanted, and that the client was too slow for.</summary>
    public long Missed => MissedIn(Egress) + MissedIn(Ingress);

    /// <summary>Time since the begin.</summary>
    public TimeSpan Age => _time.GetElapsedTime(_begun);

    /// <summary>Writes the begin of the capture: who makes it, and its two interfaces.</summary>
    /// <param name="to">Gets the blocks.</param>
    /// <param name="application">This program and its version.</param>
    public void WriteHead(IBufferWriter<byte> to, string application)
    {
        PcapngWriter.Section(to, application);
        PcapngWriter.Interface(to, "overlay egress", LinkType.Raw, Request.Snap);
        PcapngWriter.Interface(to, "overlay ingress", LinkType.Raw, Request.Snap);
    }

    /// <summary>Writes packets that are there, the oldest first.</summary>
    /// <param name="to">Gets the blocks.</param>
    /// <param name="most">Most packets.</param>
    /// <returns>How many there were.</returns>
    public int Write(IBufferWriter<byte> to, long most)
    {
        int count = 0;
        ForwardingTable table = _publisher.Current;
        while (count < most && Oldest() is { } ring)
        {
            _ = ring.TryPeek(out TapRecord record, out ReadOnlySpan<byte> bytes);
            int number = record.IsEgress ? Egress : Ingress;
            PcapngWriter.Packet(
                to, number, new DateTime(record.Ticks, DateTimeKind.Utc), bytes, record.Length,
                record.IsEgress ? PacketWay.Out : PacketWay.In, CaptureComment.Of(record, table));
            ring.Take();
            Volatile.Write(ref _written[number], _written[number] + 1);
            count++;
        }

        return count;
    }

    /// <summary>Writes the sums of each interface.</summary>
    /// <param name="to">Gets the blocks.</param>
    /// <param name="isLast">Also where no more packets have been missed since the last time.</param>
    /// <returns>There was something to write.</returns>
    public bool WriteStatistics(IBufferWriter<byte> to, bool isLast)
    {
        bool isWritten = false;
        for (int number = Egress; number <= Ingress; number++)
        {
            long missed = MissedIn(number);
            if (!isLast && missed == Math.Max(0, _missedTold[number])) continue;
            _missedTold[number] = missed;
            PcapngWriter.Statistics(to, number, _time.GetUtcNow().UtcDateTime, _written[number] + missed, missed);
            isWritten = true;
        }

        return isWritten;
    }

    /// <summary>Leaves the workers alone: each sees it with its next batch.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, true)) return;
        for (int i = 0; i < _rings.Length; i++) _counters[i].Tap.Ring = null;
        _ended();
    }

    private TapRing? Oldest()
    {
        TapRing? oldest = null;
        long ticks = long.MaxValue;
        foreach (TapRing ring in _rings)
        {
            if (ring.OldestTicks is var at && at < ticks) (oldest, ticks) = (ring, at);
        }

        return oldest;
    }

    private long MissedIn(int number) => _rings.Sum(ring => ring.Missed(number == Egress));
}
