using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Namespaces;

namespace Overlay.EndToEnd.Tests.Endurance;

/// <summary>A TCP connection that is sent a gigabit a second, until it is stopped.</summary>
internal sealed class Gigabit : IDisposable
{
    private const double BytesPerMillisecond = 125_000;
    private const int Chunk = 64 * 1024;

    private readonly Socket _sender;
    private readonly Socket _receiver;
    private readonly Thread _sending;
    private readonly Thread _receiving;
    private readonly Stopwatch _watch = new();
    private volatile bool _isOver;
    private long _received;

    public Gigabit(NetworkNamespace from, NetworkNamespace to, IPAddress target)
    {
        using Socket listener = to.Invoke(() =>
        {
            Socket socket = new(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(target, 0));
            socket.Listen();
            return socket;
        });
        _sender = from.Invoke(() => new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        _sender.Connect(listener.LocalEndPoint!);
        _receiver = listener.Accept();
        _sending = new Thread(Send) { IsBackground = true };
        _receiving = new Thread(Receive) { IsBackground = true };
        _watch.Start();
        _receiving.Start();
        _sending.Start();
    }

    /// <summary>Ends it; returns the megabits a second that have arrived.</summary>
    public double Stop()
    {
        _isOver = true;
        _sending.Join();
        _receiving.Join();
        _watch.Stop();
        return _received * 8 / 1e6 / _watch.Elapsed.TotalSeconds;
    }

    public void Dispose()
    {
        _ = Stop();
        _sender.Dispose();
        _receiver.Dispose();
    }

    private void Send()
    {
        byte[] chunk = new byte[Chunk];
        for (double sent = 0; !_isOver;)
        {
            while (!_isOver && sent < _watch.Elapsed.TotalMilliseconds * BytesPerMillisecond) sent += _sender.Send(chunk);
            Thread.Sleep(1);
        }

        _sender.Shutdown(SocketShutdown.Send);
    }

    private void Receive()
    {
        byte[] buffer = new byte[4 * Chunk];
        while (_receiver.Receive(buffer) is var length && length > 0) _received += length;
    }
}
