using System.Diagnostics;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>
/// One way of a relay: what comes in at one port goes out of the other, impaired, on a thread of its own.
/// </summary>
internal sealed class RelayWay : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromMilliseconds(20);

    private readonly PacketPort _from;
    private readonly PacketPort _to;
    private readonly int _vxlanPort;
    private readonly Thread _thread;

    // By the time when they are due, and then as they came.
    private readonly PriorityQueue<HeldFrame, (long Due, long Number)> _held = new();
    private readonly byte[] _buffer = new byte[65_600];
    private (Impairment Impairment, Random Random) _now = (Impairment.None, new Random(0));
    private volatile Exception? _failure;
    private volatile bool _isOver;
    private long _frames;
    private int _heldCount;

    public RelayWay(PacketPort from, PacketPort to, int vxlanPort)
    {
        (_from, _to, _vxlanPort) = (from, to, vxlanPort);
        _thread = new Thread(Run) { IsBackground = true, Name = "relay" };
        _thread.Start();
    }

    public RelayLog Log { get; } = new();

    /// <summary>No frame waits for its time.</summary>
    public bool IsEmpty => Volatile.Read(ref _heldCount) == 0;

    /// <summary>For the frames that come from now on.</summary>
    public void Impair(Impairment impairment)
    {
        lock (_held) _now = (impairment, new Random(impairment.Seed));
    }

    /// <exception cref="InvalidOperationException">The way has ended by a fault.</exception>
    public void ThrowIfFailed()
    {
        if (_failure is { } failure) throw new InvalidOperationException("the relay has ended", failure);
        _from.ThrowIfFramesWereLost();
    }

    public void Dispose()
    {
        _isOver = true;
        _thread.Join();
    }

    private void Run()
    {
        try
        {
            while (!_isOver)
            {
                TimeSpan wait = Release();
                if (!_from.TryReceive(_buffer, wait, out int length)) continue;
                lock (_held) Take(_buffer.AsSpan(0, length), _now.Impairment, _now.Random);
            }
        }
        catch (Exception exception)
        {
            // Whoever asks next gets it.
            _failure = exception;
        }
    }

    private void Take(Span<byte> bytes, Impairment impairment, Random random)
    {
        if (!UnderlayFrame.TryRead(bytes, _vxlanPort, out UnderlayFrame frame))
        {
            _to.Send(bytes);
            return;
        }

        Log.Enter(bytes[frame.Inner..]);
        if (impairment.ClearsOuterChecksums) FrameDamage.ClearOuterChecksum(bytes, frame);
        if (random.NextDouble() < impairment.Loss) return;
        int copies = random.NextDouble() < impairment.Duplication ? 2 : 1;
        for (; copies > 0; copies--)
        {
            bool isDamaged =
                random.NextDouble() < impairment.Damage && !FrameDamage.LooksUnfinished(bytes[frame.Inner..]);
            TimeSpan delay = impairment.Delay;
            if (random.NextDouble() < impairment.Late) delay += impairment.Jitter * random.NextDouble();
            HeldFrame held = new(bytes.ToArray(), frame, isDamaged ? random.Next() : null);
            long due = Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency);
            _held.Enqueue(held, (due, _frames++));
            Volatile.Write(ref _heldCount, _held.Count);
        }
    }

    /// <summary>Sends what is due; returns how long nothing else will be.</summary>
    private TimeSpan Release()
    {
        while (_held.TryPeek(out HeldFrame? held, out (long Due, long Number) at))
        {
            long now = Stopwatch.GetTimestamp();
            if (at.Due > now) return Stopwatch.GetElapsedTime(now, at.Due);

            // In the log before it is on its way: whoever gets it finds it there.
            Log.Leave(held.Bytes.AsSpan(held.Frame.Inner), held.DamageSeed is not null);
            if (held.DamageSeed is { } seed) FrameDamage.Flip(held.Bytes, held.Frame, new Random(seed));
            _to.Send(held.Bytes);
            _ = _held.Dequeue();
            Volatile.Write(ref _heldCount, _held.Count);
        }

        return _patience;
    }

    private sealed record HeldFrame(byte[] Bytes, UnderlayFrame Frame, int? DamageSeed);
}
