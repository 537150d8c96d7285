using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Overlay.Testing.Kubernetes;

/// <summary>A TCP relay that can stop passing bytes on without closing anything, as a cut cable does.</summary>
public sealed class HalfOpenProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Socket> _sockets = [];
    private readonly Task _accepting;
    private volatile bool _isCut;

    public HalfOpenProxy(Uri target)
    {
        _target = new(IPAddress.Parse(target.Host), target.Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Passes nothing on; connections are taken and stay silent.</summary>
    public void Cut() => _isCut = true;

    /// <summary>New connections are served; those that were cut stay so.</summary>
    public void Mend() => _isCut = false;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        foreach (Socket socket in _sockets) socket.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                _sockets.Add(client);
                if (_isCut) continue;
                Socket server = new(SocketType.Stream, ProtocolType.Tcp);
                _sockets.Add(server);
                await server.ConnectAsync(_target, _stop.Token);
                _ = RelayAsync(client, server);
                _ = RelayAsync(server, client);
            }
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task RelayAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            int length;
            while ((length = await from.ReceiveAsync(buffer, _stop.Token)) > 0)
            {
                if (_isCut) return;
                _ = await to.SendAsync(buffer.AsMemory(0, length), _stop.Token);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The other side has ended it.
            if (!_isCut) to.Dispose();
        }
    }
}
