using System.Net.Sockets;

namespace Overlay.Cli;

/// <summary>HTTP over the daemon's admin socket.</summary>
internal static class AdminClient
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);

    /// <param name="socket">The admin socket's path.</param>
    /// <param name="path">Of the request.</param>
    /// <param name="connected">Called with each new connection; may refuse it by an exception.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="HttpRequestException">No daemon answers.</exception>
    public static async Task<HttpResponseMessage> GetAsync(
        string socket, string path, Action<Socket> connected, CancellationToken cancellation)
    {
        using SocketsHttpHandler handler = new() { ConnectCallback = ConnectAsync };
        using HttpClient client = new(handler) { BaseAddress = new Uri("http://overlayd/"), Timeout = _limit };
        return await client.GetAsync(path, cancellation);

        async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
        {
            Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
                connected(connection);
                return new NetworkStream(connection, ownsSocket: true);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
    }

    /// <summary>Why no daemon answers, and what to do.</summary>
    public static string Advice(string socket, HttpRequestException exception)
    {
        SocketError reason = exception.InnerException is SocketException inner
            ? inner.SocketErrorCode
            : SocketError.SocketError;
        string advice = reason == SocketError.AccessDenied ? "permission denied; use sudo"
            : File.Exists(socket) ? $"{exception.GetBaseException().Message}; is it running?"
            : "there is no such file; is it running, and is this its --socket?";
        return $"no overlayd answers on {socket}: {advice}";
    }
}
