using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Packets;
using Overlay.Host.Interop;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Tests;

public sealed class UdpUnderlayTests : IDisposable
{
    private const ushort Port = 8472;

    private readonly TwoNodes _nodes = new();
    private UdpSockets _socketsA = null!;
    private UdpSockets _socketsB = null!;
    private readonly PacketBatch _sent = new(8);
    private readonly PacketBatch _received = new(8);

    private UdpUnderlay A => _socketsA[0];

    private UdpUnderlay B => _socketsB[0];

    public UdpUnderlayTests() => _nodes.Guard(() =>
    {
        _socketsA = Open(_nodes.A);
        _socketsB = Open(_nodes.B);
    });

    [Theory]
    [InlineData("192.168.77.2", "192.168.77.1", Ecn.NotEct)]
    [InlineData("192.168.77.2", "192.168.77.1", Ecn.Ect1)]
    [InlineData("192.168.77.2", "192.168.77.1", Ecn.Ce)]
    [InlineData("fd77::2", "fd77::1", Ecn.NotEct)]
    [InlineData("fd77::2", "fd77::1", Ecn.Ect0)]
    [InlineData("fd77::2", "fd77::1", Ecn.Ce)]
    public void A_datagram_arrives_with_its_bytes_its_source_and_its_ecn(string to, string from, Ecn ecn)
    {
        Add(to, [1, 2, 3, 4], flow: 0, ecn);
        A.Send(_sent);
        _sent[0].Verdict.ShouldBe(DropReason.None);

        SpinWait.SpinUntil(() => B.TryReceive(_received), 5000).ShouldBeTrue();
        _received.ReceivedCount.ShouldBe(1);
        _received.ReceivedBytes(0).ToArray().ShouldBe([1, 2, 3, 4]);
        _received.Received(0).OuterSource.ShouldBe(IpAddress.Parse(from));
        _received.Received(0).OuterEcn.ShouldBe(ecn);
    }

    [Fact]
    public void Datagrams_that_a_full_buffer_has_no_room_for_are_counted_at_their_socket()
    {
        _socketsB.ReadDrops().ShouldBe([0u, 0u]);
        using Socket sender =
            _nodes.A.Invoke(() => new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp));
        IPEndPoint to = new(IPAddress.Parse("fd77::2"), Port);
        byte[] large = new byte[60_000];
        for (int i = 0; i < 4 * UdpSockets.BufferBytes / large.Length; i++) sender.SendTo(large, to);
        SpinWait.SpinUntil(() => _socketsB.ReadDrops()[1] > 0, 5000).ShouldBeTrue();
        _socketsB.ReadDrops()[0].ShouldBe(0u);
    }

    [Fact]
    public void Flows_keep_a_source_port_and_differ_in_it()
    {
        using Socket receiver =
            _nodes.B.Invoke(() => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        _socketsB.Dispose();
        receiver.Bind(new IPEndPoint(IPAddress.Parse("192.168.77.2"), Port));
        receiver.ReceiveTimeout = 5000;

        uint[] flows = [0, 1, 2, 3, 0, 1, 2, 3];
        foreach (uint flow in flows) Add("192.168.77.2", [(byte)flow], flow);
        A.Send(_sent);

        Dictionary<byte, HashSet<int>> ports = [];
        for (int i = 0; i < flows.Length; i++)
        {
            byte[] datagram = new byte[1];
            EndPoint source = new IPEndPoint(IPAddress.Any, 0);
            receiver.ReceiveFrom(datagram, ref source).ShouldBe(1);
            if (!ports.TryGetValue(datagram[0], out HashSet<int>? seen)) ports[datagram[0]] = seen = [];
            _ = seen.Add(((IPEndPoint)source).Port);
        }

        ports.Values.ShouldAllBe(seen => seen.Count == 1);
        ports.Values.SelectMany(seen => seen).Distinct().Count().ShouldBe(4);
        ports.Values.SelectMany(seen => seen).ShouldAllBe(port => port >= 49_152);
    }

    [Fact]
    public void What_cannot_be_sent_gets_a_verdict_and_what_follows_is_sent()
    {
        Add("203.0.113.1", [1], flow: 0);
        Add("192.168.77.2", new byte[65_530], flow: 0);
        Add("192.168.77.2", [2], flow: 0);
        _nodes.A.Ip("route delete default");
        A.Send(_sent);
        _sent[0].Verdict.ShouldBe(DropReason.UnderlayUnreachable);
        _sent[1].Verdict.ShouldBe(DropReason.PktTooBig);
        _sent[2].Verdict.ShouldBe(DropReason.None);
        SpinWait.SpinUntil(() => B.TryReceive(_received), 5000).ShouldBeTrue();
        _received.ReceivedBytes(0).ToArray().ShouldBe([2]);
    }

    [Fact]
    public void A_peer_of_a_family_we_have_no_underlay_for_is_unreachable()
    {
        using UdpSockets ipv4Only =
            _nodes.B.Invoke(() => UdpSockets.Open(1, IpAddress.Parse("192.168.77.2").ToIpv4(), null, 8473));
        Add("fd77::1", [1], flow: 0);
        ipv4Only[0].Send(_sent);
        _sent[0].Verdict.ShouldBe(DropReason.UnderlayUnreachable);
    }

    [Fact]
    public void A_flood_on_one_underlay_does_not_starve_the_other()
    {
        for (int i = 0; i < _sent.Capacity; i++) Add("192.168.77.2", [4], flow: 0);
        for (int i = 0; i < 3; i++) A.Send(_sent);
        _sent.Clear();
        Add("fd77::2", [6], flow: 0);
        A.Send(_sent);

        List<byte> firstOfEachBatch = [];
        for (int i = 0; i < 2; i++)
        {
            SpinWait.SpinUntil(() => B.TryReceive(_received), 5000).ShouldBeTrue();
            firstOfEachBatch.Add(_received.ReceivedBytes(0)[0]);
        }

        firstOfEachBatch.ShouldContain((byte)6);
    }

    [Fact]
    public void The_largest_datagram_there_is_arrives_whole()
    {
        byte[] payload = new byte[65_507];
        Random.Shared.NextBytes(payload);
        Add("192.168.77.2", payload, flow: 0);
        A.Send(_sent);
        SpinWait.SpinUntil(() => B.TryReceive(_received), 5000).ShouldBeTrue();
        _received.ReceivedBytes(0).SequenceEqual(payload).ShouldBeTrue();
    }

    [Fact]
    public void Sockets_that_were_sent_and_adopted_carry_on_whatever_becomes_of_their_first_owner()
    {
        UdpDescriptors ofA = Sent(_socketsA);
        UdpDescriptors ofB = Sent(_socketsB);
        _socketsA.Dispose();
        _socketsB.Dispose();
        (ofA.Receiving.Count, ofA.Sending.Count).ShouldBe((2, 2 * 16));

        using UdpSockets a = _nodes.A.Invoke(() => UdpSockets.Adopt(ofA));
        using UdpSockets b = _nodes.B.Invoke(() => UdpSockets.Adopt(ofB));
        (a.Count, a[0].MaxSegments).ShouldBe((1, b[0].MaxSegments));
        foreach (string to in new[] { "192.168.77.2", "fd77::2" })
        {
            _sent.Clear();
            Add(to, [1, 2, 3], flow: 3, Ecn.Ect0);
            a[0].Send(_sent);
            _sent[0].Verdict.ShouldBe(DropReason.None);
            SpinWait.SpinUntil(() => b[0].TryReceive(_received), 5000).ShouldBeTrue();
            _received.ReceivedBytes(0).ToArray().ShouldBe([1, 2, 3]);
            _received.Received(0).OuterEcn.ShouldBe(Ecn.Ect0);
        }
    }

    [Fact]
    public void Sockets_that_do_not_make_up_an_underlay_are_not_adopted()
    {
        UdpDescriptors ofA = Sent(_socketsA);
        Should.Throw<ArgumentException>(() => _nodes.A.Invoke(() => UdpSockets.Adopt(ofA with { Sending = [] })));
        Should.Throw<LinuxException>(
            () => UdpSockets.Adopt(new UdpDescriptors([-1], []))).Message.ShouldContain("descriptor -1");
    }

    [Fact]
    public void A_port_in_use_and_a_foreign_address_are_refused_by_name()
    {
        LinuxException taken = Should.Throw<LinuxException>(() => Open(_nodes.A));
        taken.Errno.ShouldBe(Errno.EADDRINUSE);
        taken.Message.ShouldContain("192.168.77.1:8472");
        LinuxException foreign = Should.Throw<LinuxException>(
            () => _nodes.A.Invoke(() => UdpSockets.Open(1, IpAddress.Parse("192.0.2.1").ToIpv4(), null, Port)));
        foreign.Errno.ShouldBe(Errno.EADDRNOTAVAIL);
        foreign.Message.ShouldContain("192.0.2.1");
    }

    public void Dispose()
    {
        _socketsA.Dispose();
        _socketsB.Dispose();
        _nodes.Dispose();
    }

    private static UdpDescriptors Sent(UdpSockets sockets)
    {
        UdpDescriptors own = sockets.Descriptors;
        return new UdpDescriptors(SentDescriptors.Of(own.Receiving), SentDescriptors.Of(own.Sending));
    }

    private static UdpSockets Open(Node node) => node.Invoke(() => UdpSockets.Open(
        1, IpAddress.Parse(node.UnderlayV4!.ToString()).ToIpv4(), IpAddress.Parse(node.UnderlayV6!.ToString()).ToIpv6(),
        Port));

    private void Add(string to, byte[] payload, uint flow, Ecn ecn = Ecn.NotEct)
    {
        int index = _sent.Count;
        ref PacketSlot slot = ref _sent.Add(PacketBatch.StartOf(index), payload.Length);
        slot.FlowHash = flow;
        slot.OuterEcn = ecn;
        slot.Remote = new RemoteVtep("peer", IpAddress.Parse(to), MacAddress.Parse("02:00:00:00:00:02"));
        payload.CopyTo(_sent.Packet(index));
    }
}
