using System.Net.Sockets;
using System.Text;

namespace Overlay.Cni.Tests;

/// <summary>The daemon's admin socket, with one answer to whoever asks.</summary>
public sealed class StandinDaemon : IDisposable
{
    public const string Ready = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\noverlayd is ready\n";

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Thread _answering;

    public StandinDaemon(string path, string answer)
    {
        File.Delete(path);
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _socket.Listen();
        _answering = new Thread(() => Answer(Encoding.UTF8.GetBytes(answer)));
        _answering.Start();
    }

    /// <summary>The last question.</summary>
    public string Question { get; private set; } = "";

    public void Dispose()
    {
        _socket.Dispose();
        _answering.Join();
    }

    private void Answer(byte[] answer)
    {
        byte[] question = new byte[1024];
        while (Accept() is { } client)
        {
            using (client)
            {
                Question = Encoding.UTF8.GetString(question, 0, client.Receive(question));
                _ = client.Send(answer);
            }
        }
    }

    // Null once it is disposed of.
    private Socket? Accept()
    {
        try
        {
            return _socket.Accept();
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
