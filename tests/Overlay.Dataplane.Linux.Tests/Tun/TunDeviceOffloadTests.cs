using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Packets;
using Overlay.Testing;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Tests;

/// <summary>
/// Super-packets between the kernel's sockets and a TUN, with each set of offloads that a kernel may have.
/// </summary>
public sealed class TunDeviceOffloadTests : IDisposable
{
    private const int Mtu = 1450;
    private const ushort SegmentSize = 1380;
    private const ushort SocketPort = 4001;
    private const int SolUdp = 17;
    private const int UdpSegment = 103;
    private const int UdpGro = 104;
    private const Offloads Tcp = Offloads.TunHeader | Offloads.TunTcp;
    private const Offloads Udp = Offloads.TunHeader | Offloads.TunUdp;

    // The same bytes each time: one of 65,536 checksums is the pseudo-header's sum too, and such a packet is joined to none.
    private readonly Random _random = new(1);

    private readonly TwoNodes _nodes = new();
    private TunDevice? _tun;

    public static TheoryData<IpFamily, Offloads> Sets
    {
        get
        {
            TheoryData<IpFamily, Offloads> data = [];
            foreach (IpFamily family in Enum.GetValues<IpFamily>())
            {
                foreach (Offloads set in new[] { Offloads.All, Tcp, Udp, Offloads.TunHeader, Offloads.None })
                    data.Add(family, set);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task What_a_tcp_socket_sends_is_read_in_one_piece_only_if_that_was_offered(
        IpFamily family, Offloads offloads)
    {
        TunPeer peer = Create(family, offloads);
        using Socket socket = await Connect(peer, family);
        byte[] data = Random(9 * SegmentSize);
        _ = socket.Send(data);
        IReadOnlyList<TunPeer.Packet> packets = peer.ReadData(data);

        packets.Any(static packet => packet.Offload.IsSuperPacket).ShouldBe(offloads.HasFlag(Offloads.TunTcp));
        int type = family == IpFamily.IPv4 ? VirtioNetHeader.GsoTcpv4 : VirtioNetHeader.GsoTcpv6;
        packets.Where(static packet => packet.Offload.IsSuperPacket)
            .ShouldAllBe(packet =>
                packet.Offload.GsoType == type && packet.Offload.GsoSize == SegmentSize && packet.Bytes.Length > Mtu);
        packets.Where(static packet => !packet.Offload.IsSuperPacket)
            .ShouldAllBe(static packet => packet.Bytes.Length <= Mtu);
        ShouldLeaveToUs(packets, IpProtocol.Tcp, offloads);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void What_a_udp_socket_sends_at_once_is_read_in_one_piece_only_if_that_was_offered(
        IpFamily family, Offloads offloads)
    {
        const int Size = 1000;
        TunPeer peer = Create(family, offloads);
        using Socket socket = UdpSocket(family);
        socket.SetRawSocketOption(SolUdp, UdpSegment, BitConverter.GetBytes(Size));
        byte[] data = Random((10 * Size) + 7);
        _ = socket.SendTo(data, EndPoint(family, 2, TunPeer.Port));

        List<TunPeer.Packet> packets = [];
        while (packets.Sum(static packet => packet.Transport.Length - 8) < data.Length)
            packets.AddRange(peer.Read(IpProtocol.Udp));
        packets.SelectMany(static packet => packet.Transport[8..].ToArray()).ShouldBe(data);
        if (offloads.HasFlag(Offloads.TunUdp))
        {
            VirtioNetHeader offload = packets.ShouldHaveSingleItem().Offload;
            (offload.GsoType, offload.GsoSize).ShouldBe((VirtioNetHeader.GsoUdpL4, (ushort)Size));
        }
        else
        {
            packets.Count.ShouldBe(11);
            packets.ShouldAllBe(static packet => !packet.Offload.IsSuperPacket);
        }

        ShouldLeaveToUs(packets, IpProtocol.Udp, offloads);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task What_was_joined_reaches_a_tcp_socket(IpFamily family, Offloads offloads)
    {
        TunPeer peer = Create(family, offloads);
        using Socket socket = await Connect(peer, family);
        byte[] data = Random((30 * SegmentSize) + 11);
        peer.SendData(data, SegmentSize).ShouldBe(offloads.HasFlag(Offloads.TunTcp) ? 1 : 31);

        byte[] received = new byte[data.Length];
        for (int length = 0; length < data.Length;) length += socket.Receive(received.AsSpan(length));
        received.SequenceEqual(data).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void What_was_joined_reaches_a_udp_socket_as_the_datagrams_it_was(IpFamily family, Offloads offloads)
    {
        TunPeer peer = Create(family, offloads);
        using Socket socket = UdpSocket(family);
        byte[][] datagrams = [.. Enumerable.Range(0, 40).Select(_ => Random(700)), Random(3)];
        peer.SendDatagrams(SocketPort, datagrams).ShouldBe(offloads.HasFlag(Offloads.TunUdp) ? 1 : 41);

        ShouldReceive(socket, datagrams);
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void A_udp_socket_that_takes_super_packets_gets_it_whole(IpFamily family)
    {
        TunPeer peer = Create(family, Offloads.All);
        using Socket socket = UdpSocket(family);
        socket.SetRawSocketOption(SolUdp, UdpGro, BitConverter.GetBytes(1));
        byte[][] datagrams = [.. Enumerable.Range(0, 40).Select(_ => Random(700))];
        peer.SendDatagrams(SocketPort, datagrams).ShouldBe(1);
        byte[] buffer = new byte[65_536];
        buffer.AsSpan(0, socket.Receive(buffer))
            .SequenceEqual(datagrams.SelectMany(static datagram => datagram).ToArray()).ShouldBeTrue();
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public async Task Joined_packets_that_the_kernel_refuses_in_one_write_reach_their_sockets(IpFamily family)
    {
        TunPeer peer = Create(family, Offloads.All);
        using Socket tcp = await Connect(peer, family);
        using Socket udp = UdpSocket(family);
        peer.Change = static header => header with { GsoSize = 0 };

        byte[] data = Random((30 * SegmentSize) + 11);
        peer.SendData(data, SegmentSize).ShouldBe(1);
        byte[] received = new byte[data.Length];
        for (int length = 0; length < data.Length;) length += tcp.Receive(received.AsSpan(length));
        received.SequenceEqual(data).ShouldBeTrue();

        byte[][] datagrams = [.. Enumerable.Range(0, 40).Select(_ => Random(700)), Random(3)];
        peer.SendDatagrams(SocketPort, datagrams).ShouldBe(1);
        ShouldReceive(udp, datagrams);
        _tun!.Offloads.ShouldBe(Offloads.All, "one refusal may be the packet's fault");
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void A_kernel_that_refuses_super_packets_in_a_row_is_offered_none_and_no_datagram_is_lost(IpFamily family)
    {
        const int Times = 16;
        TunPeer peer = Create(family, Offloads.All);
        List<Offloads> refused = [];
        _tun!.Refused = refused.Add;
        using Socket socket = UdpSocket(family);

        // More segments than any kernel takes (UDP_MAX_SEGMENTS).
        byte[][] datagrams = [.. Enumerable.Range(0, 200).Select(_ => Random(100)), Random(3)];
        byte[] whole = [.. datagrams.SelectMany(static datagram => datagram)];
        for (int i = 0; i < Times; i++)
        {
            refused.ShouldBeEmpty($"after {i} refusals");
            peer.SendWhole(SocketPort, whole, 100);
            ShouldReceive(socket, datagrams);
        }

        refused.ShouldBe([Offloads.TunUdp]);
        (_tun.TakesTcpSuperPackets, _tun.TakesUdpSuperPackets).ShouldBe((true, false));
        _tun.Offloads.ShouldBe(Offloads.All & ~Offloads.TunUdp);
        peer.SendDatagrams(SocketPort, datagrams[..20]).ShouldBe(20);
        ShouldReceive(socket, datagrams[..20]);
        peer.SendWhole(SocketPort, whole, 100);
        ShouldReceive(socket, datagrams);
        refused.Count.ShouldBe(1);
    }

    public void Dispose()
    {
        _tun?.Dispose();
        _nodes.Dispose();
    }

    private TunPeer Create(IpFamily family, Offloads offloads)
    {
        _tun = _nodes.A.Invoke(() => TunDevice.Create("overlay.9", offloads));
        _tun.Offloads.ShouldBe(offloads, "this kernel has them all");
        _nodes.A.Ip(
            $"link set overlay.9 up mtu {Mtu}", "address add 10.9.0.1/24 dev overlay.9",
            "address add fd00:9::1/64 dev overlay.9 nodad");
        _nodes.A.WaitForAddress("fd00:9::1");
        return new TunPeer(_tun, family);
    }

    private async Task<Socket> Connect(TunPeer peer, IpFamily family)
    {
        EndPoint target = EndPoint(family, 2, TunPeer.Port);
        Socket socket = _nodes.A.Invoke(() => new Socket(
            target.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        { NoDelay = true, ReceiveTimeout = 5000 });
        Task connected = socket.ConnectAsync(target);
        peer.Accept(SegmentSize);
        await connected.WaitAsync(TimeSpan.FromSeconds(10));
        return socket;
    }

    private Socket UdpSocket(IpFamily family) => _nodes.A.Invoke(() =>
    {
        EndPoint local = EndPoint(family, 1, SocketPort);
        Socket socket = new(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveTimeout = 5000,

            // Two hundred small datagrams nearly fill the usual one, which counts the kernel's memory and not bytes.
            ReceiveBufferSize = 1 << 20,
        };
        socket.Bind(local);
        return socket;
    });

    private static IPEndPoint EndPoint(IpFamily family, int host, ushort port) =>
        new(IPAddress.Parse(TunPeer.AddressOf(family, host).ToString()), port);

    private void ShouldReceive(Socket socket, byte[][] datagrams)
    {
        byte[] buffer = new byte[2000];
        for (int i = 0; i < datagrams.Length; i++)
        {
            int length = socket.Receive(buffer, 0, buffer.Length, SocketFlags.None, out SocketError error);
            if (error != SocketError.Success)
                error.ShouldBe(SocketError.Success, $"datagram {i} of {datagrams.Length}: {Drops()}");
            buffer.AsSpan(0, length).SequenceEqual(datagrams[i]).ShouldBeTrue($"datagram {i} of {datagrams.Length}");
        }

        socket.Available.ShouldBe(0);
    }

    // The kernel says why it dropped what has not arrived.
    private string Drops() =>
        _nodes.A.Run("nstat", "-as").Output + _nodes.A.Run("ip", "-s", "-s", "link", "show", "overlay.9").Output;

    private byte[] Random(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    // With a header the kernel may leave checksums to us, without one it must not.
    private static void ShouldLeaveToUs(IReadOnlyList<TunPeer.Packet> packets, byte protocol, Offloads offloads)
    {
        if (!offloads.HasFlag(Offloads.TunHeader)) packets.ShouldAllBe(static packet => packet.Offload == default);
        packets.Where(static packet => !packet.Offload.IsSuperPacket).ShouldAllBe(packet => packet.IsSound(protocol));
    }
}
