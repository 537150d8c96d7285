using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Traffic;

/// <summary>Small datagrams all the time, to see when they begin to arrive.</summary>
/// <remarks>Both ends are threads of this process, so that one clock does for all.</remarks>
internal sealed class Probe : IDisposable
{
    private const int Port = 5004;
    private const int PeriodMicroseconds = 200;
    private const int Payload = 16;
    private const int PollMicroseconds = 100_000;

    // Hundreds of datagrams.
    private static readonly TimeSpan _silence = TimeSpan.FromMilliseconds(100);

    private readonly Socket _sender;
    private readonly Socket _receiver;
    private readonly SocketAddress _target;
    private readonly Thread _sending;
    private readonly Thread _receiving;
    private readonly ManualResetEventSlim _arrived = new();
    private long _first;
    private long _last = Stopwatch.GetTimestamp();
    private volatile bool _isOver;

    /// <param name="sender">Not bound, and this probe's from here on.</param>
    /// <param name="receiver">Bound, and this probe's from here on.</param>
    /// <param name="target">Where it is bound to.</param>
    public Probe(Socket sender, Socket receiver, EndPoint target)
    {
        (_sender, _receiver, _target) = (sender, receiver, target.Serialize());
        _sending = new Thread(Send) { Name = "rig-probe-send", IsBackground = true };
        _receiving = new Thread(Receive) { Name = "rig-probe-receive", IsBackground = true };
        _receiving.Start();
        _sending.Start();
    }

    public static Probe Between(Pod from, Pod to)
    {
        IPEndPoint target = new(to.AddressV4!, Port);
        Socket sender = from.Invoke(Datagrams);
        Socket receiver = to.Invoke(Datagrams);
        receiver.Bind(target);
        return new Probe(sender, receiver, target);
    }

    /// <summary>Returns when nothing arrives any more.</summary>
    /// <exception cref="LabException">They arrive all the same.</exception>
    public void WaitForSilence(TimeSpan limit)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (Stopwatch.GetElapsedTime(Volatile.Read(ref _last)) < _silence)
        {
            if (watch.Elapsed > limit)
                throw new LabException($"packets still arrive {watch.Elapsed.TotalSeconds:0.#} s later");
            Thread.Sleep(5);
        }
    }

    /// <summary>How long it takes from right before the change, which ends a silence, to the first arrival.</summary>
    /// <exception cref="LabException">None arrives, or one arrives before the change.</exception>
    public TimeSpan TimeOf(Action change, TimeSpan limit)
    {
        _arrived.Reset();
        Volatile.Write(ref _first, 0);
        long start = Stopwatch.GetTimestamp();
        change();
        if (!_arrived.Wait(limit)) throw new LabException($"no packet arrives within {limit.TotalSeconds:0.#} s");
        long first = Volatile.Read(ref _first);
        return first >= start
            ? Stopwatch.GetElapsedTime(start, first)
            : throw new LabException("a packet arrived before there was a way for it");
    }

    public void Dispose()
    {
        _isOver = true;
        _sending.Join();
        _receiving.Join();
        _sender.Dispose();
        _receiver.Dispose();
        _arrived.Dispose();
    }

    private static Socket Datagrams() => new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    private void Send()
    {
        byte[] payload = new byte[Payload];
        while (!_isOver)
        {
            try
            {
                _ = _sender.SendTo(payload, SocketFlags.None, _target);
            }
            catch (SocketException)
            {
                // One that cannot be sent does not arrive, which is what is looked for.
            }

            LibC.Sleep(PeriodMicroseconds);
        }
    }

    private void Receive()
    {
        byte[] payload = new byte[Payload];
        while (!_isOver)
        {
            if (!_receiver.Poll(PollMicroseconds, SelectMode.SelectRead)) continue;
            _ = _receiver.Receive(payload);
            long now = Stopwatch.GetTimestamp();
            Volatile.Write(ref _last, now);
            if (Interlocked.CompareExchange(ref _first, now, 0) == 0) _arrived.Set();
        }
    }
}
