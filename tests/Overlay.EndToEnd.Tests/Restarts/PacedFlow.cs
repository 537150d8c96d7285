using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Namespaces;

namespace Overlay.EndToEnd.Tests.Restarts;

/// <summary>
/// Numbered UDP datagrams at some thousands a second, with what became of each: lost, doubled, overtaken, and the longest
/// time without one.
/// </summary>
internal sealed class PacedFlow : IDisposable
{
    private const int Size = 64;
    private const int ReceiveBuffer = 64 * 1024 * 1024;
    private const int SolSocket = 1;
    private const int SoRcvbufforce = 33;

    // A busy machine lets the last ones lie in a queue for a while.
    private static readonly TimeSpan _lastOnTheWay = TimeSpan.FromSeconds(3);

    private readonly Socket _sender;
    private readonly Socket _receiver;
    private readonly double _perMillisecond;
    private readonly Thread _sending;
    private readonly Thread _receiving;
    private volatile bool _isOver;
    private int _sent;
    private int _arrived;
    private int _doubled;
    private int _overtaken;
    private TimeSpan _longestGap;

    /// <summary>Starts at once, between two namespaces that reach each other already.</summary>
    public PacedFlow(NetworkNamespace from, NetworkNamespace to, IPAddress target, int perSecond)
    {
        _perMillisecond = perSecond / 1000.0;
        _receiver = to.Invoke(() => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        _receiver.Bind(new IPEndPoint(target, 0));

        // This process may stand still for a moment, which is nothing of the daemon's.
        _receiver.SetRawSocketOption(SolSocket, SoRcvbufforce, BitConverter.GetBytes(ReceiveBuffer));
        _receiver.ReceiveTimeout = 50;
        _sender = from.Invoke(() => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        _sender.Connect(_receiver.LocalEndPoint!);
        _sending = new Thread(Send) { IsBackground = true };
        _receiving = new Thread(Receive) { IsBackground = true };
        _receiving.Start();
        _sending.Start();
    }

    /// <summary>Datagrams that were sent.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Ends the flow, and waits for what is on its way.</summary>
    public FlowResult Stop()
    {
        _isOver = true;
        _sending.Join();
        _receiving.Join();
        return new FlowResult(_sent, _sent - _arrived, _doubled, _overtaken, _longestGap);
    }

    public void Dispose()
    {
        _ = Stop();
        _sender.Dispose();
        _receiver.Dispose();
    }

    private void Send()
    {
        byte[] datagram = new byte[Size];
        long start = Stopwatch.GetTimestamp();
        while (!_isOver)
        {
            int due = (int)(Stopwatch.GetElapsedTime(start).TotalMilliseconds * _perMillisecond);

            // After a pause of this process it goes on at its pace, and does not make up for it by a burst.
            for (int burst = 0; _sent < due && burst < Math.Max(1, 2 * _perMillisecond); burst++)
            {
                BinaryPrimitives.WriteInt32BigEndian(datagram, _sent);
                _ = _sender.Send(datagram);
                _sent++;
            }

            if (due - _sent > Math.Max(1, _perMillisecond))
                start += (long)((due - _sent) / _perMillisecond * Stopwatch.Frequency / 1000);
            Thread.Sleep(1);
        }
    }

    private void Receive()
    {
        byte[] datagram = new byte[Size];
        HashSet<int> seen = [];
        int largest = -1;
        long heard = Stopwatch.GetTimestamp();
        while (!_isOver || (_arrived < _sent && Stopwatch.GetElapsedTime(heard) < _lastOnTheWay))
        {
            _ = _receiver.Receive(datagram, SocketFlags.None, out SocketError error);
            if (error != SocketError.Success) continue;
            long now = Stopwatch.GetTimestamp();
            if (largest >= 0 && Stopwatch.GetElapsedTime(heard, now) is var gap && gap > _longestGap) _longestGap = gap;
            heard = now;
            int number = BinaryPrimitives.ReadInt32BigEndian(datagram);
            if (!seen.Add(number))
            {
                _doubled++;
                continue;
            }

            _arrived++;
            if (number < largest) _overtaken++;
            largest = Math.Max(largest, number);
        }
    }
}

/// <summary>What became of a flow's datagrams.</summary>
/// <param name="Sent">All.</param>
/// <param name="Lost">Those that never arrived.</param>
/// <param name="Doubled">Arrivals beyond the first of a datagram.</param>
/// <param name="Overtaken">Those that a later one came before.</param>
/// <param name="LongestGap">The longest time from one arrival to the next.</param>
internal sealed record FlowResult(int Sent, int Lost, int Doubled, int Overtaken, TimeSpan LongestGap)
{
    public override string ToString() =>
        $"{Lost} of {Sent} lost, {Doubled} doubled, {Overtaken} overtaken, longest gap {LongestGap.TotalMilliseconds:0.0} ms";
}
