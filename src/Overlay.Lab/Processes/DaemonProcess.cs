using System.Net.Sockets;

namespace Overlay.Lab;

/// <summary>One running overlayd.</summary>
public sealed class DaemonProcess : BackgroundProcess
{
    private readonly string _socket;

    internal DaemonProcess(string networkNamespace, string logFile, string socket, IEnumerable<string> arguments)
        : base(networkNamespace, logFile, ProductBinary.Find("overlayd"), arguments, ProductBinary.Environment) =>
        _socket = socket;

    /// <summary>Waits until the admin socket answers GET /v1/status with 200.</summary>
    public void WaitReady(TimeSpan? limit = null) => WaitUntil(AnswersStatus, "answered on its admin socket", limit);

    private bool AnswersStatus()
    {
        using HttpClient client = new(new SocketsHttpHandler { ConnectCallback = Connect, UseProxy = false })
        {
            Timeout = TimeSpan.FromSeconds(2),
        };
        using HttpRequestMessage request = new(HttpMethod.Get, "http://overlayd/v1/status");
        try
        {
            using HttpResponseMessage response = client.Send(request);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            // Not up yet: the caller asks again until its own limit, and then shows the daemon's log.
            return false;
        }
    }

    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socket), cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
