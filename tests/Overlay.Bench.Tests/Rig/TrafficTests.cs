using System.Net;
using System.Net.Sockets;
using Overlay.Bench.Rig.Traffic;

namespace Overlay.Bench.Tests.Rig;

public class TrafficTests
{
    private const int Payload = 64;

    [Fact]
    public void Batches_carry_every_datagram_with_its_length()
    {
        using Socket receiver = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        receiver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        receiver.ReceiveTimeout = 200;
        using Socket sender = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.Connect(receiver.LocalEndPoint!);
        using DatagramBatch outgoing = new(8, Payload);
        using DatagramBatch incoming = new(64, 2048);

        LibC.Send(sender.SafeHandle, outgoing.Messages, outgoing.Count).ShouldBe(8);
        int received = LibC.Receive(receiver.SafeHandle, incoming.Messages, incoming.Count);

        received.ShouldBe(8);
        Enumerable.Range(0, received).ShouldAllBe(index => incoming.Length(index) == Payload);
        LibC.Receive(receiver.SafeHandle, incoming.Messages, incoming.Count).ShouldBe(0, "the timeout is no error");
    }

    [Fact]
    public void Nobody_listening_is_no_error_for_a_flood()
    {
        using Socket sender = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.Connect(IPAddress.Loopback, 9);
        using DatagramBatch batch = new(4, Payload);
        for (int i = 0; i < 10; i++) LibC.Send(sender.SafeHandle, batch.Messages, batch.Count).ShouldBeInRange(0, 4);
    }
}
