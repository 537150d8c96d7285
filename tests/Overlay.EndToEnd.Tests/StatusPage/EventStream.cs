using System.Net;
using System.Net.Sockets;
using System.Text;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.StatusPage;

/// <summary>A viewer of a node's status page, without a browser.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly Socket _socket;
    private readonly StreamReader _reader;

    /// <param name="node">Whose page it is.</param>
    /// <param name="port">Of the page.</param>
    /// <param name="host">The name by which it is asked.</param>
    public EventStream(Node node, int port, string host = "localhost")
    {
        _socket = node.Invoke(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = 10_000,
        });
        _socket.Connect(IPAddress.Loopback, port);
        _ = _socket.Send(Encoding.ASCII.GetBytes($"GET /events HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        _reader = new StreamReader(new NetworkStream(_socket), Encoding.UTF8);
    }

    /// <summary>Reads up to a line that has the text.</summary>
    public string WaitForLine(string text)
    {
        while (_reader.ReadLine() is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal)) return line;
        }

        throw new IOException($"the stream ended without {text}");
    }

    public void Dispose()
    {
        _reader.Dispose();
        _socket.Dispose();
    }
}
