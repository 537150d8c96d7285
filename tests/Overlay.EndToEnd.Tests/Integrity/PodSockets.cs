using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>A pod's UDP sockets, of which every datagram is read at once and noted.</summary>
internal sealed class PodSockets : IDisposable
{
    private const int SolSocket = 1;
    private const int SoRcvbufforce = 33;
    private const int SoNoCheck = 11;
    private const int SolUdp = 17;
    private const int UdpSegment = 103;
    private const int ReceiveBuffer = 16 * 1024 * 1024;

    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly Dictionary<Socket, int> _indexes = [];
    private readonly Dictionary<AddressFamily, Socket[]> _sockets;
    private readonly Func<int, int, bool> _isRight;
    private readonly byte[] _buffer = new byte[65_536];
    private readonly Thread _reading;
    private readonly List<PacketId> _arrived = [];
    private volatile bool _isOver;
    private int _altered;

    /// <param name="pod">Of both families.</param>
    /// <param name="count">Sockets a family.</param>
    /// <param name="isRight">Whether a flow's datagram belongs to the socket of that number.</param>
    public PodSockets(Pod pod, int count, Func<int, int, bool> isRight)
    {
        _isRight = isRight;
        _sockets = pod.Addresses.ToDictionary(
            static address => address.AddressFamily, address => pod.Invoke(() => Bound(address, count)));
        foreach (Socket[] sockets in _sockets.Values)
        {
            for (int i = 0; i < count; i++) _indexes.Add(sockets[i], i);
        }

        _reading = new Thread(Read) { IsBackground = true };
        _reading.Start();
    }

    /// <summary>Datagrams that have arrived, whatever is in them.</summary>
    public int Count
    {
        get
        {
            lock (_gate) return _arrived.Count + _altered;
        }
    }

    /// <summary>Where a socket is reached.</summary>
    public EndPoint EndOf(AddressFamily family, int index) => _sockets[family][index].LocalEndPoint!;

    /// <summary>Sends bytes as one datagram, or as so many as have the segment size.</summary>
    public void Send(AddressFamily family, int index, ReadOnlySpan<byte> bytes, EndPoint to, int segmentSize = 0)
    {
        Socket socket = _sockets[family][index];
        if (segmentSize > 0) socket.SetRawSocketOption(SolUdp, UdpSegment, BitConverter.GetBytes(segmentSize));
        _ = socket.SendTo(bytes, to);
        if (segmentSize > 0) socket.SetRawSocketOption(SolUdp, UdpSegment, BitConverter.GetBytes(0));
    }

    /// <summary>Datagrams that have arrived whole, but for those.</summary>
    public int CountExcept(HashSet<PacketId> others)
    {
        lock (_gate) return _arrived.Count(id => !others.Contains(id));
    }

    /// <summary>
    /// What has arrived since it was last asked, in its order, and how many of it were altered or came to another
    /// socket than they were sent to.
    /// </summary>
    public (IReadOnlyList<PacketId> Arrived, int Altered) Take()
    {
        lock (_gate)
        {
            (IReadOnlyList<PacketId>, int) taken = ([.. _arrived], _altered);
            _arrived.Clear();
            _altered = 0;
            return taken;
        }
    }

    /// <inheritdoc cref="UdpFlows.SetChecksums"/>
    public void SetChecksums(bool on)
    {
        foreach (Socket socket in _sockets[AddressFamily.InterNetwork])
            socket.SetRawSocketOption(SolSocket, SoNoCheck, BitConverter.GetBytes(on ? 0 : 1));
    }

    public void Dispose()
    {
        _isOver = true;
        _reading.Join();
        foreach (Socket socket in _indexes.Keys) socket.Dispose();
    }

    private static Socket[] Bound(IPAddress address, int count)
    {
        Socket[] sockets =
            [.. Enumerable.Range(0, count)
                .Select(_ => new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp))];
        foreach (Socket socket in sockets)
        {
            socket.SetRawSocketOption(SolSocket, SoRcvbufforce, BitConverter.GetBytes(ReceiveBuffer));
            socket.Bind(new IPEndPoint(address, 0));
        }

        return sockets;
    }

    private void Read()
    {
        List<Socket> ready = [];
        while (!_isOver)
        {
            ready.Clear();
            ready.AddRange(_indexes.Keys);
            Socket.Select(ready, null, null, _look);
            foreach (Socket socket in ready)
            {
                while (socket.Available > 0) Note(_indexes[socket], _buffer.AsSpan(0, socket.Receive(_buffer)));
            }
        }
    }

    private void Note(int socket, ReadOnlySpan<byte> payload)
    {
        lock (_gate)
        {
            if (NumberedPayload.TryReadWhole(payload, out NumberedPayload numbered) && _isRight(numbered.Flow, socket))
                _arrived.Add(PacketId.OfUdp(numbered));
            else _altered++;
        }
    }
}
