using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Packets;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Tests;

public sealed class TunQueuesTests : IDisposable
{
    private const int Count = 4;

    private readonly TwoNodes _nodes = new();
    private readonly PacketBatch _batch = new(8);
    private TunQueues _queues = null!;

    public TunQueuesTests() => _nodes.Guard(() =>
    {
        _queues = Node.Invoke(() => TunQueues.Create("overlay.9", Count, Offloads.All));
        Node.Set("net/ipv6/conf/overlay.9/disable_ipv6", "1");
        Node.Ip("link set overlay.9 up mtu 1450", "address add 10.9.0.1/24 dev overlay.9");
    });

    private Node Node => _nodes.A;

    [Fact]
    public void A_flow_stays_on_its_queue_whichever_worker_writes_its_answers()
    {
        StaysOnItsQueue();

        // Another process that goes on with the device leaves flows where they are too.
        TunDescriptors former = _queues.Descriptors;
        int[] sent = [.. SentDescriptors.Of(former.All)];
        _queues.Dispose();
        _queues = TunQueues.Adopt(new TunDescriptors(sent[..Count], sent[Count]), Offloads.All);
        StaysOnItsQueue();
    }

    [Fact]
    public void Flows_are_spread_over_all_queues()
    {
        HashSet<int> used = [];
        for (int i = 0; i < 200 && used.Count < Count; i++)
        {
            using Socket socket = SocketInNode();
            _ = used.Add(QueueOf(socket));
        }

        used.Count.ShouldBe(Count);
    }

    [Fact]
    public void A_device_with_one_queue_is_written_to_by_that_queue()
    {
        using TunQueues one = Node.Invoke(() => TunQueues.Create("overlay.8", 1, Offloads.All));
        one.Descriptors.ShouldSatisfyAllConditions(
            descriptors => descriptors.Writer.ShouldBeNull(), descriptors => descriptors.All.ShouldBe([one[0].Number]));
    }

    public void Dispose()
    {
        _queues.Dispose();
        _nodes.Dispose();
    }

    private void StaysOnItsQueue()
    {
        using Socket socket = SocketInNode();
        ushort port = (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
        int queue = QueueOf(socket);
        foreach (TunDevice writer in _queues)
        {
            _ = new TunPeer(writer, IpFamily.IPv4).SendDatagrams(port, [[7]]);
            socket.Receive(new byte[1]).ShouldBe(1);
            QueueOf(socket).ShouldBe(queue);
        }
    }

    private Socket SocketInNode() => Node.Invoke(() =>
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
        socket.Connect(new IPEndPoint(IPAddress.Parse("10.9.0.2"), TunPeer.Port));
        return socket;
    });

    private int QueueOf(Socket socket)
    {
        _ = socket.Send([1]);
        int queue = -1;
        SpinWait.SpinUntil(() => (queue = Enumerable.Range(0, Count).FirstOrDefault(IsRead, -1)) >= 0, 5000).ShouldBeTrue();
        return queue;
    }

    private bool IsRead(int queue) => _queues[queue].TryRead(_batch);
}
