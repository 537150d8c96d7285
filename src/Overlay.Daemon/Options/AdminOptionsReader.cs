using System.Net;
using System.Text;
using Overlay.Host.Files;

namespace Overlay.Daemon.Options;

/// <summary>Reads section Admin.</summary>
internal static class AdminOptionsReader
{
    private const int LongestUnixSocketPath = 107;
    private const string DefaultHttp = "127.0.0.1:9472";
    private const string Off = "off";

    public static string ReadSocket(SectionReader admin)
    {
        string socket = admin.FilePath(
            "Socket", NodePaths.AdminSocket, "The socket that overlayctl asks; for root and the daemon's own user.");
        if (Encoding.UTF8.GetByteCount(socket) > LongestUnixSocketPath)
            admin.Fault("Socket", socket, $"is longer than the {LongestUnixSocketPath} bytes a socket path may have",
                NodePaths.AdminSocket);
        return socket;
    }

    public static IPEndPoint? ReadHttp(SectionReader admin)
    {
        string text = admin.Text(
            "Http", DefaultHttp, DefaultHttp, "Where the status page, /metrics, /livez and /readyz are served; off for nowhere.",
            "address with a port, or off");
        if (string.Equals(text, Off, StringComparison.OrdinalIgnoreCase)) return null;
        if (IPEndPoint.TryParse(text, out IPEndPoint? endPoint) && endPoint.Port != 0) return endPoint;
        admin.Fault("Http", text, "is not an address with a port, nor off", DefaultHttp);
        return null;
    }
}
