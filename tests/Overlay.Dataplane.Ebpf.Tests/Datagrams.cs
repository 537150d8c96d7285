using System.Net;
using System.Net.Sockets;

namespace Overlay.Dataplane.Ebpf.Tests;

/// <summary>Datagrams from a node's pods to another's, one a millisecond, that go on beside a test.</summary>
internal sealed class Datagrams : IDisposable
{
    private readonly Socket _sender;
    private readonly Socket _receiver;
    private readonly Thread _sending;
    private volatile bool _isOver;
    private int _sent;

    public Datagrams(TierEnd from, TierEnd to, string target)
    {
        IPEndPoint end = new(IPAddress.Parse(target), 5002);
        _receiver = to.Node.Invoke(() =>
        {
            Socket socket = new(end.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 22 };
            socket.Bind(end);
            return socket;
        });
        _sender = from.Node.Invoke(() => new Socket(end.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        _sender.Connect(end);
        _sending = new Thread(() =>
        {
            while (!_isOver)
            {
                _ = _sender.Send(BitConverter.GetBytes(_sent));
                _sent++;
                Thread.Sleep(1);
            }
        });
        _sending.Start();
    }

    /// <summary>Ends the sending, and says how many were sent, and how many of them have not come.</summary>
    public (int Sent, int Lost) End()
    {
        _isOver = true;
        _sending.Join();
        HashSet<int> come = [];
        byte[] buffer = new byte[sizeof(int)];
        while (come.Count < _sent && _receiver.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectRead))
        {
            _ = _receiver.Receive(buffer);
            _ = come.Add(BitConverter.ToInt32(buffer));
        }

        return (_sent, _sent - come.Count);
    }

    public void Dispose()
    {
        _isOver = true;
        _sending.Join();
        _sender.Dispose();
        _receiver.Dispose();
    }
}
