using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Overlay.Host.Http;

/// <summary>
/// A question to a health endpoint of this host, on the calling thread and so in its network namespace, where a client
/// that connects on another thread would ask in that one's.
/// </summary>
public static class PlainHttp
{
    private const int MostBytes = 4096;

    /// <summary>The answer, head and body, up to 4096 bytes of it; empty where the other end closes without one.</summary>
    /// <remarks>By HTTP/1.0 (RFC 1945): the answer comes in one piece, and the connection ends behind it.</remarks>
    /// <param name="end">A Unix socket, or an address with a port.</param>
    /// <param name="path">The path that is asked for.</param>
    /// <param name="patience">
    /// The most that each step takes, and all reads together: a program that sends a byte now and then is not waited for.
    /// </param>
    /// <exception cref="SocketException">Nothing listens there, or nothing comes in time.</exception>
    public static string Get(EndPoint end, string path, TimeSpan patience)
    {
        bool isUnix = end.AddressFamily == AddressFamily.Unix;
        using Socket socket = new(
            end.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        socket.SendTimeout = socket.ReceiveTimeout = (int)patience.TotalMilliseconds;
        socket.Connect(end);
        _ = socket.Send(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.0\r\n\r\n"));
        byte[] answer = new byte[MostBytes];
        int length = 0;
        long began = Stopwatch.GetTimestamp();
        while (length < MostBytes && Stopwatch.GetElapsedTime(began) < patience
            && socket.Receive(answer.AsSpan(length)) is > 0 and int read)
            length += read;
        return Encoding.UTF8.GetString(answer, 0, length);
    }
}
