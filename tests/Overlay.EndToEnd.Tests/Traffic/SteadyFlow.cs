using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Namespaces;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>Numbered UDP datagrams at a steady pace, to see whether anything else makes one go missing.</summary>
internal sealed class SteadyFlow : IDisposable
{
    private static readonly TimeSpan _pace = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(50);

    // A busy machine lets the last ones lie in a queue for a while.
    private static readonly TimeSpan _lastOnTheWay = TimeSpan.FromSeconds(5);

    private readonly Socket _sender;
    private readonly Socket _receiver;
    private readonly Thread _sending;
    private readonly Thread _receiving;
    private readonly HashSet<int> _arrived = [];
    private volatile bool _isOver;
    private volatile bool _isAllSent;
    private int _sent;

    /// <summary>Starts at once, between two pods that reach each other already.</summary>
    public SteadyFlow(NetworkNamespace from, NetworkNamespace to, IPAddress target)
    {
        _receiver = to.Invoke(() => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        _receiver.Bind(new IPEndPoint(target, 0));
        _receiver.ReceiveTimeout = (int)_look.TotalMilliseconds;
        _sender = from.Invoke(() => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        _sender.Connect(_receiver.LocalEndPoint!);
        _sending = new Thread(Send) { IsBackground = true };
        _receiving = new Thread(Receive) { IsBackground = true };
        _receiving.Start();
        _sending.Start();
    }

    /// <summary>Ends the flow and says which datagrams never arrived.</summary>
    public (int Sent, IReadOnlyList<int> Missing) Stop()
    {
        _isOver = true;
        _sending.Join();
        _isAllSent = true;
        _receiving.Join();
        return (_sent, [.. Enumerable.Range(0, _sent).Except(_arrived)]);
    }

    public void Dispose()
    {
        _ = Stop();
        _sender.Dispose();
        _receiver.Dispose();
    }

    private void Send()
    {
        byte[] datagram = new byte[64];
        while (!_isOver)
        {
            BinaryPrimitives.WriteInt32BigEndian(datagram, _sent);
            _ = _sender.Send(datagram);
            _sent++;
            Thread.Sleep(_pace);
        }
    }

    private void Receive()
    {
        byte[] datagram = new byte[64];
        long heard = Stopwatch.GetTimestamp();
        while (!_isAllSent || (_arrived.Count < _sent && Stopwatch.GetElapsedTime(heard) < _lastOnTheWay))
        {
            try
            {
                _ = _receiver.Receive(datagram);
                _ = _arrived.Add(BinaryPrimitives.ReadInt32BigEndian(datagram));
                heard = Stopwatch.GetTimestamp();
            }
            catch (SocketException silence) when (silence.SocketErrorCode == SocketError.TimedOut)
            {
                // Whether more is to come is known above.
            }
        }
    }
}
