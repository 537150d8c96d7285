using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Overlay.ControlPlane.Tests;

/// <summary>
/// A TCP relay in front of a member, which can be cut off, or fall silent with its connections open as a host without
/// power does.
/// </summary>
internal sealed class Relay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<TcpClient> _connections = [];
    private readonly Uri _target;
    private volatile bool _isSilent;
    private int _accepted;

    public Relay(Uri target)
    {
        _target = target;
        _listener.Start();
        Endpoint = new($"http://{_listener.LocalEndpoint}");
        _ = AcceptAsync();
    }

    public Uri Endpoint { get; }

    /// <summary>How many connections there have been.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>From now on nothing passes, in either direction, and nobody is told.</summary>
    public void FallSilent() => _isSilent = true;

    /// <summary>Closes the port and every connection.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        foreach (TcpClient connection in _connections) connection.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _ = Interlocked.Increment(ref _accepted);
                TcpClient server = new();
                _connections.Add(client);
                _connections.Add(server);
                await server.ConnectAsync(_target.Host, _target.Port, _stop.Token);
                _ = CopyAsync(client, server);
                _ = CopyAsync(server, client);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // Closed, or nobody behind it: the client's connection says so by itself.
            }
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to)
    {
        byte[] buffer = new byte[16 * 1024];
        try
        {
            while (await from.GetStream().ReadAsync(buffer, _stop.Token) is > 0 and int length)
            {
                while (_isSilent) await Task.Delay(Timeout.Infinite, _stop.Token);
                await to.GetStream().WriteAsync(buffer.AsMemory(0, length), _stop.Token);
            }
        }
        catch (Exception e)
            when (e is OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // One side is gone; so is the other.
        }

        if (_isSilent) return;
        from.Dispose();
        to.Dispose();
    }
}
