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
        try
        {
            return AdminSocket.Get(_socket, "v1/status").Length > 0;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or OperationCanceledException)
        {
            // Not up yet: the caller asks again until its own limit, and then shows the daemon's log.
            return false;
        }
    }
}
