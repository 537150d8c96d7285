using System.Net.Sockets;
using Overlay.Cni.Protocol;
using Overlay.Host.Http;

namespace Overlay.Cni.Commands;

/// <summary>
/// Asks the daemon on its admin socket whether pods' packets can flow, as the readiness probe does (<c>/readyz</c>).
/// </summary>
internal static class DaemonReadiness
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    /// <exception cref="CniException">
    /// Code 50: nobody answers. Code 51: the daemon answers that it is not ready, with its reason.
    /// </exception>
    public static void Require(string adminSocket)
    {
        string answer;
        try
        {
            answer = PlainHttp.Get(new UnixDomainSocketEndPoint(adminSocket), "/readyz", _patience);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw new CniException(
                CniErrorCode.NotAvailable,
                $"overlayd does not answer on {adminSocket}: {exception.Message}; does it run?");
        }

        // A daemon that ends, or has more connections than it takes, closes this one without a word.
        if (!answer.StartsWith("HTTP/", StringComparison.Ordinal))
            throw new CniException(CniErrorCode.NotAvailable, $"overlayd closes {adminSocket} without an answer");

        // The head's first line has the status. Another one than this is that of a daemon which runs and judges nothing.
        if (answer.Split(' ') is not [_, "503", ..]) return;
        int body = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        throw new CniException(
            CniErrorCode.LimitedConnectivity, body < 0 ? "overlayd is not ready" : answer[(body + 4)..].Trim());
    }
}
