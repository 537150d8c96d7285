using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Overlay.Testing;

/// <summary>An HTTP proxy that opens tunnels (CONNECT), all to one server, whatever name was asked for.</summary>
public sealed class ConnectProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly string? _credential;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _tunnels = new();
    private readonly ConcurrentBag<Task> _served = [];
    private readonly Task _accepting;

    /// <param name="target">The server.</param>
    /// <param name="credential">What it asks for, as <c>user:password</c>; null for nothing.</param>
    public ConnectProxy(IPEndPoint target, string? credential = null)
    {
        _target = target;
        _credential = credential;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary><c>127.0.0.1:PORT</c>.</summary>
    public string Authority => _listener.LocalEndpoint.ToString()!;

    /// <summary>The names and ports that tunnels were opened to.</summary>
    public IReadOnlyCollection<string> Tunnels => _tunnels;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_served);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _served.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient accepted = client;
        using TcpClient server = new();
        try
        {
            NetworkStream asked = accepted.GetStream();
            string head = await ReadHeadAsync(asked);
            while (_credential is not null && !head.Contains(
                Convert.ToBase64String(Encoding.UTF8.GetBytes(_credential)), StringComparison.Ordinal))
            {
                await asked.WriteAsync(Encoding.ASCII.GetBytes(
                    "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\n"
                    + "Content-Length: 0\r\n\r\n"), _stop.Token);
                head = await ReadHeadAsync(asked);
            }

            _tunnels.Enqueue(head.Split(' ')[1]);
            await server.ConnectAsync(_target, _stop.Token);
            await asked.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), _stop.Token);
            NetworkStream answered = server.GetStream();
            _ = await Task.WhenAny(
                asked.CopyToAsync(answered, _stop.Token), answered.CopyToAsync(asked, _stop.Token));
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // Client or server has gone.
        }
    }

    private async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, _stop.Token);
            _ = head.Append((char)one[0]);
        }

        return head.ToString();
    }

    private static bool IsEnd(Exception exception) =>
        exception is OperationCanceledException or SocketException or IOException or ObjectDisposedException;
}
