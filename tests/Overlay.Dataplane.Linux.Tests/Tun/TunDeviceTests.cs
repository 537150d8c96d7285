using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Packets;
using Overlay.Host.Interop;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Tests;

public sealed class TunDeviceTests : IDisposable
{
    private const int Mtu = 1450;

    private static readonly Ipv4Address _remote = IpAddress.Parse("10.9.0.2").ToIpv4();
    private static readonly Ipv4Address _local = IpAddress.Parse("10.9.0.1").ToIpv4();

    private readonly TwoNodes _nodes = new();
    private TunDevice _tun = null!;
    private readonly PacketBatch _batch = new(8);

    public TunDeviceTests() => _nodes.Guard(() =>
    {
        _tun = Node.Invoke(() => TunDevice.Create("overlay.9"));
        Node.Set("net/ipv6/conf/overlay.9/disable_ipv6", "1");
        Node.Ip($"link set overlay.9 up mtu {Mtu}", "address add 10.9.0.1/24 dev overlay.9");
    });

    private Node Node => _nodes.A;

    [Fact]
    public void A_packet_to_the_tuns_network_is_read_with_its_checksum_description()
    {
        using Socket socket = UdpSocketInNode();
        _ = socket.SendTo(new byte[] { 1, 2, 3 }, new IPEndPoint(IPAddress.Parse("10.9.0.2"), 4000));
        SpinWait.SpinUntil(() => _tun.TryRead(_batch), 5000).ShouldBeTrue();

        _batch.ReceivedCount.ShouldBe(1);
        Ipv4Header.TryParse(_batch.ReceivedBytes(0), out Ipv4Header ip).ShouldBeTrue();
        ip.Destination.ShouldBe(_remote);
        _batch.Received(0).Length.ShouldBe(20 + 8 + 3);

        // TUN_F_CSUM is offered, so the kernel leaves the sum to us, and says where it belongs.
        _batch.Received(0).Offload.ShouldBe(new VirtioNetHeader(
            VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoNone, 0, 0, 20, UdpHeader.ChecksumOffset));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_written_packet_reaches_its_socket_with_a_finished_or_a_described_checksum(bool isPartial)
    {
        using Socket socket = UdpSocketInNode();
        Write(isPartial ? Partial : default, isPartial);
        byte[] received = new byte[100];
        socket.Receive(received).ShouldBe(5);
        received[..5].ShouldBe([9, 8, 7, 6, 5]);
    }

    [Fact]
    public void A_packet_with_a_wrong_checksum_is_not_made_right_by_the_write()
    {
        using Socket socket = UdpSocketInNode();
        Write(default, isPartial: true);
        Write(Partial, isPartial: true);

        // Only the second arrives: the first said that its checksum is whole.
        byte[] received = new byte[100];
        socket.Receive(received).ShouldBe(5);
        socket.Available.ShouldBe(0);
    }

    [Fact]
    public void What_the_kernel_refuses_gets_a_verdict_and_the_rest_goes_on()
    {
        using Socket socket = UdpSocketInNode();
        Prepare(new VirtioNetHeader(
            VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoNone, 0, 0, 5000, 6), isPartial: true);
        Prepare(Partial, isPartial: true);
        _tun.Write(_batch);
        _batch[0].Verdict.ShouldBe(DropReason.SkbGsoSeg);
        _batch[1].Verdict.ShouldBe(DropReason.None);
        socket.Receive(new byte[100]).ShouldBe(5);
    }

    [Fact]
    public void A_device_that_is_down_takes_nothing_and_takes_again_when_up()
    {
        Node.Ip("link set overlay.9 down");
        Write(Partial, isPartial: true).ShouldBe(DropReason.DevReady);
        Node.Ip("link set overlay.9 up");
        Write(Partial, isPartial: true).ShouldBe(DropReason.None);
    }

    [Fact]
    public void A_device_that_is_gone_ends_its_reader_with_an_error_that_names_it()
    {
        Node.Ip("link delete overlay.9");
        Should.Throw<LinuxException>(() => _tun.TryRead(_batch)).Message.ShouldContain("overlay.9");
    }

    [Fact]
    public void What_is_queued_is_read_and_then_there_is_nothing()
    {
        using Socket socket = UdpSocketInNode();
        for (int i = 0; i < 20; i++)
            _ = socket.SendTo(new byte[] { (byte)i }, new IPEndPoint(IPAddress.Parse("10.9.0.2"), 4000));
        int read = 0;
        while (_tun.TryRead(_batch)) read += _batch.ReceivedCount;
        read.ShouldBe(20);
    }

    [Fact]
    public void A_queue_that_was_sent_and_adopted_carries_on_whatever_becomes_of_its_first_owner()
    {
        using Socket socket = UdpSocketInNode();
        int descriptor = SentDescriptors.Of([_tun.Number])[0];
        _tun.Dispose();
        _ = socket.SendTo(new byte[] { 1, 2, 3 }, new IPEndPoint(IPAddress.Parse("10.9.0.2"), 4000));

        using TunDevice adopted = TunDevice.Adopt(descriptor);
        (adopted.Name, adopted.Offloads).ShouldBe(("overlay.9", Offloads.All));
        SpinWait.SpinUntil(() => adopted.TryRead(_batch), 5000).ShouldBeTrue("what was queued meanwhile is there");
        _batch.Received(0).Length.ShouldBe(20 + 8 + 3);

        _batch.Clear();
        Prepare(Partial, isPartial: true);
        adopted.Write(_batch);
        socket.Receive(new byte[100]).ShouldBe(5);
    }

    [Fact]
    public void A_descriptor_that_is_no_tuns_is_not_adopted() =>
        Should.Throw<LinuxException>(() => TunDevice.Adopt(-1)).Message.ShouldContain("descriptor -1");

    [Fact]
    public void A_name_in_use_and_a_name_too_long_are_refused_by_name()
    {
        LinuxException busy = Should.Throw<LinuxException>(() => Node.Invoke(() => TunDevice.Create("overlay.9")));
        busy.Errno.ShouldBe(Errno.EBUSY);
        busy.Message.ShouldContain("overlay.9");
        Should.Throw<ArgumentException>(
            () => TunDevice.Create("overlay.16777215")).Message.ShouldContain("overlay.16777215");
    }

    public void Dispose()
    {
        _tun.Dispose();
        _nodes.Dispose();
    }

    private static VirtioNetHeader Partial =>
        new(VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoNone, 0, 0, Ipv4Header.MinLength,
            UdpHeader.ChecksumOffset);

    private Socket UdpSocketInNode() => Node.Invoke(() =>
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
        socket.Bind(new IPEndPoint(IPAddress.Parse("10.9.0.1"), 4001));
        return socket;
    });

    private DropReason Write(VirtioNetHeader offload, bool isPartial)
    {
        _batch.Clear();
        Prepare(offload, isPartial);
        _tun.Write(_batch);
        return _batch[0].Verdict;
    }

    // A datagram of five bytes to port 4001 of this node, its checksum whole or only the pseudo-header's sum.
    private void Prepare(VirtioNetHeader offload, bool isPartial)
    {
        byte[] packet = new byte[20 + 8 + 5];
        Ipv4Header.Write(packet, 0, (ushort)packet.Length, 1, 0, 64, IpProtocol.Udp, _remote, _local);
        new byte[] { 9, 8, 7, 6, 5 }.CopyTo(packet, 28);
        uint pseudoHeader = InternetChecksum.PseudoHeader(_remote, _local, IpProtocol.Udp, 13);
        UdpHeader.Write(packet.AsSpan(20), 4000, 4001, 13, 0);
        ushort checksum = isPartial
            ? (ushort)pseudoHeader
            : InternetChecksum.Finish(pseudoHeader + InternetChecksum.Sum(packet.AsSpan(20)));
        UdpHeader.Write(packet.AsSpan(20), 4000, 4001, 13, checksum);

        int index = _batch.Count;
        _batch.Add(PacketBatch.StartOf(index), packet.Length).Offload = offload;
        packet.CopyTo(_batch.Packet(index));
    }
}
