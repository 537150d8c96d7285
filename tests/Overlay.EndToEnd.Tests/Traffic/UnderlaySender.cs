using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>Sends whatever it is given to a node's VXLAN port, from a namespace's own underlay addresses.</summary>
internal sealed class UnderlaySender(NetworkNamespace from, IEnumerable<IPAddress> sources, Node target) : IDisposable
{
    private readonly Socket[] _sockets = [.. sources.Select(source => from.Invoke(() => Connected(source, target)))];

    /// <summary>One a family of the underlay.</summary>
    public int Count => _sockets.Length;

    /// <summary>Sends the datagram once from each address.</summary>
    public void Send(ReadOnlySpan<byte> datagram)
    {
        foreach (Socket socket in _sockets) _ = socket.Send(datagram);
    }

    public void Dispose()
    {
        foreach (Socket socket in _sockets) socket.Dispose();
    }

    private static Socket Connected(IPAddress source, Node target)
    {
        Socket socket = new(source.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(source, 0));
        IPAddress address = source.AddressFamily == AddressFamily.InterNetwork
            ? target.UnderlayV4!
            : target.UnderlayV6!;
        socket.Connect(address, target.Options.Port);
        return socket;
    }
}
