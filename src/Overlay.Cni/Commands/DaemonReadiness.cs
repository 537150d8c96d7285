using System.Net.Sockets;
using System.Text;
using Overlay.Cni.Protocol;

namespace Overlay.Cni.Commands;

/// <summary>
/// Asks the daemon on its admin socket whether pods' packets can flow, as the readiness probe does (<c>/readyz</c>).
/// </summary>
internal static class DaemonReadiness
{
    private const int MostBytes = 4096;
    private const int PatienceMilliseconds = 5000;

    // HTTP/1.0 (RFC 1945): the answer comes in one piece, and the connection ends behind it.
    private static readonly byte[] _question = "GET /readyz HTTP/1.0\r\n\r\n"u8.ToArray();

    /// <exception cref="CniException">
    /// Code 50: nobody answers. Code 51: the daemon answers that it is not ready, with its reason.
    /// </exception>
    public static void Require(string adminSocket)
    {
        string answer;
        try
        {
            answer = Ask(adminSocket);
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

    private static string Ask(string adminSocket)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            SendTimeout = PatienceMilliseconds,
            ReceiveTimeout = PatienceMilliseconds,
        };
        socket.Connect(new UnixDomainSocketEndPoint(adminSocket));
        _ = socket.Send(_question);
        byte[] answer = new byte[MostBytes];
        int length = 0;
        while (length < MostBytes)
        {
            int read = socket.Receive(answer, length, MostBytes - length, SocketFlags.None);
            if (read == 0) break;
            length += read;
        }

        return Encoding.UTF8.GetString(answer, 0, length);
    }
}
