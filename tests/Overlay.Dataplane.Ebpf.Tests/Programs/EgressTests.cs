using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Ebpf.Lifecycle;
using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Tests;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed class EgressTests : IDisposable
{
    private const ushort PodPort = 40_000;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private readonly TierRig _rig = new();

    [Theory]
    [InlineData(IpFamily.IPv4, IpFamily.IPv4, true)]
    [InlineData(IpFamily.IPv4, IpFamily.IPv4, false)]
    [InlineData(IpFamily.IPv6, IpFamily.IPv4, true)]
    [InlineData(IpFamily.IPv6, IpFamily.IPv4, false)]
    [InlineData(IpFamily.IPv4, IpFamily.IPv6, true)]
    [InlineData(IpFamily.IPv6, IpFamily.IPv6, true)]
    public void A_packet_leaves_with_the_headers_that_the_daemons_loop_writes(
        IpFamily inner, IpFamily outer, bool mayBeDirect)
    {
        Start(outer, mayBeDirect);
        using DeviceTap tap = new(_rig.B, "eth0", isWithLinkHeader: true);
        byte[] payload = PacketBuilder.Pattern(100);
        Send(inner, payload);

        byte[] frame = tap.Receive(_patience, IsVxlan).ShouldNotBeNull();
        CheckOuter(frame, outer, Ecn.NotEct);
        byte[] datagram = DatagramOf(frame);
        byte[] packet = datagram[22..];
        IsOf(packet, inner, payload).ShouldBeTrue();
        datagram.ShouldBe(Encapsulated(packet, outer));
        TrafficCount expected = new(1, packet.Length);
        EbpfCounters counters = _rig.Counters();
        bool isDirect = mayBeDirect && outer == IpFamily.IPv4;
        (isDirect ? counters.EgressDirect : counters.EgressByDevice).ShouldBe(expected);
        counters.Egress.ShouldBe(expected);
        _rig.Tier.Mirror.ReadTraffic().Single(row => row.Vtep.Address == Remote(outer).Address)
            .Traffic.Egress.ShouldBe(expected);
        _rig.ReadTun(IpProtocol.Udp, TimeSpan.FromMilliseconds(50)).ShouldBeNull("the TUN has no copy");
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void A_datagram_reaches_a_socket_of_the_peer_with_a_sound_checksum(IpFamily outer)
    {
        Start(outer, mayBeDirect: true);
        using Socket peer = _rig.B.Invoke(() =>
        {
            Socket socket = new(outer == IpFamily.IPv4
                ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(Remote(outer).Address.ToIPAddress(), TierRig.Port));
            socket.ReceiveTimeout = 5000;
            return socket;
        });
        byte[] payload = PacketBuilder.Pattern(600);
        Send(IpFamily.IPv4, payload);
        byte[] buffer = new byte[2000];
        int length = peer.Receive(buffer);
        IsOf(buffer[22..length], IpFamily.IPv4, payload).ShouldBeTrue();
    }

    [Theory]
    [InlineData(Ecn.NotEct, Ecn.NotEct, Ecn.NotEct)]
    [InlineData(Ecn.Ect0, Ecn.Ect0, Ecn.Ect0)]
    [InlineData(Ecn.Ect1, Ecn.Ect1, Ecn.Ect1)]
    [InlineData(Ecn.Ce, Ecn.Ce, Ecn.Ect0)]
    public void The_outer_header_has_the_inner_ones_congestion_mark(Ecn inner, Ecn direct, Ecn byDevice)
    {
        foreach (IpFamily family in new[] { IpFamily.IPv4, IpFamily.IPv6 })
        {
            using EgressTests test = new();
            test.Start(IpFamily.IPv4, mayBeDirect: true);
            using DeviceTap tap = new(test._rig.B, "eth0", isWithLinkHeader: true);
            test.Send(family, [1], inner);
            CheckOuter(tap.Receive(_patience, IsVxlan).ShouldNotBeNull(), IpFamily.IPv4, direct);
            test.Start(IpFamily.IPv4, mayBeDirect: false);
            test.Send(family, [1], inner);

            // The kernel's tunnels make ECT(0) of CE (include/net/inet_ecn.h, INET_ECN_encapsulate).
            CheckOuter(tap.Receive(_patience, IsVxlan).ShouldNotBeNull(), IpFamily.IPv4, byDevice);
        }
    }

    [Fact]
    public void A_flow_has_one_source_port_either_way_and_of_the_range()
    {
        Start(IpFamily.IPv4, mayBeDirect: true);
        using DeviceTap tap = new(_rig.B, "eth0", isWithLinkHeader: true);
        using Socket pod = PodSocket(IpFamily.IPv4);
        HashSet<ushort> ports = [];
        foreach (bool mayBeDirect in new[] { true, false, true })
        {
            Start(IpFamily.IPv4, mayBeDirect);
            _ = pod.Send(new byte[10]);
            byte[] frame = tap.Receive(_patience, IsVxlan).ShouldNotBeNull();
            _ = ports.Add(BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(34)));
        }

        ports.Count.ShouldBe(1);
        ports.Single().ShouldBeGreaterThanOrEqualTo((ushort)49_152);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_mark_of_a_pods_packet_does_not_steer_the_outer_one(bool mayBeDirect)
    {
        const int SolSocket = 1;
        const int SoMark = 36;
        Start(IpFamily.IPv4, mayBeDirect);
        _rig.A.Ip($"rule add to {TestNode.B.Remote.Address} fwmark 0x4000 blackhole pref 10");
        using DeviceTap tap = new(_rig.B, "eth0", isWithLinkHeader: true);
        using Socket pod = PodSocket(IpFamily.IPv4);
        pod.SetRawSocketOption(SolSocket, SoMark, BitConverter.GetBytes(0x4000));
        _ = pod.Send(new byte[10]);
        tap.Receive(_patience, IsVxlan).ShouldNotBeNull();
    }

    [Fact]
    public void A_packet_to_nobodys_pod_is_left_to_the_daemons_loop()
    {
        Start(IpFamily.IPv4, mayBeDirect: true);
        using Socket pod = PodSocket(IpFamily.IPv4, "10.244.9.9");
        _ = pod.Send(new byte[] { 1, 2, 3 });
        byte[] packet = _rig.ReadTun(IpProtocol.Udp).ShouldNotBeNull();
        packet[16..20].ShouldBe(new byte[] { 10, 244, 9, 9 });
        _rig.Counters().Egress.Packets.ShouldBe(0);
    }

    [Fact]
    public void A_packet_that_is_left_alone_meets_the_programs_behind()
    {
        Start(IpFamily.IPv4, mayBeDirect: true);
        _rig.A.Invoke(_rig.Tier.TryTakeShortcut).ShouldBeTrue();
        using BpfMap counts = BpfMap.Create("others", new MapDefinition(2, 4, 8, 1, 0));
        using BpfProgram others = TinyProgram.Counting(counts, -1);
        Place[] places =
        [
            new(_rig.End.Options.TunIndex, Hook.Egress, 1), new(_rig.End.Local.UnderlayIndex, Hook.Ingress, 1),
        ];
        using Socket peer = _rig.SocketOfB(TestNode.B.Remote.Address);
        using Socket pod = PodSocket(IpFamily.IPv4, "10.244.9.9");
        foreach (Place place in places)
        {
            using ClsactFilter filter = _rig.A.Invoke(() => ClsactFilter.Create(others, place));
            _ = place.Hook == Hook.Egress ? pod.Send(new byte[8]) : peer.Send(new byte[8]);
            TierRig.Wait(() => TinyProgram.Counted(counts) > 0, $"{place}");
            _rig.A.Invoke(filter.RemoveFromKernel);
            counts.Update(new byte[4], new byte[8]);
        }
    }

    [Fact]
    public void Without_an_own_end_of_the_tunnels_every_packet_is_left_to_the_daemons_loop()
    {
        _rig.End.Publisher.Publish(
            new ForwardingTableBuilder().AddRoute(TestNode.B.PodsV4, TestNode.B.Remote).Build(), TableChange.None);
        _rig.End.Publisher.Add(_rig.Tier.Mirror);
        _rig.A.Invoke(_rig.Tier.AttachEgress);
        Send(IpFamily.IPv4, [1, 2, 3]);
        _ = _rig.ReadTun(IpProtocol.Udp).ShouldNotBeNull();
    }

    [Fact]
    public void A_packet_too_large_for_the_underlay_in_one_piece_leaves_in_fragments()
    {
        Start(IpFamily.IPv4, mayBeDirect: true);
        _rig.A.Invoke(() => _rig.Tier.SetUnderlay(_rig.End.Options.Underlay with { Mtu = 1200 }));
        _rig.A.Ip("link set eth0 mtu 1200");
        using Socket peer = _rig.B.Invoke(static () =>
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
            {
                ReceiveTimeout = 5000,
            };
            socket.Bind(new IPEndPoint(TestNode.B.Remote.Address.ToIPAddress(), TierRig.Port));
            return socket;
        });
        byte[] payload = PacketBuilder.Pattern(1300);
        Send(IpFamily.IPv4, payload);
        byte[] buffer = new byte[2000];
        int length = peer.Receive(buffer);
        IsOf(buffer[22..length], IpFamily.IPv4, payload).ShouldBeTrue();
        _rig.Counters().EgressByDevice.Packets.ShouldBe(1);
    }

    [Fact]
    public void A_packet_too_large_for_an_ipv6_underlay_is_left_to_the_daemons_loop_which_fragments()
    {
        Start(IpFamily.IPv6, mayBeDirect: true);
        _rig.A.Invoke(() => _rig.Tier.SetUnderlay(_rig.End.Options.Underlay with { Mtu = 1280 }));
        byte[] payload = PacketBuilder.Pattern(1280 - 70 - 28 + 1);
        Send(IpFamily.IPv4, payload);
        IsOf(_rig.ReadTun(IpProtocol.Udp).ShouldNotBeNull(), IpFamily.IPv4, []).ShouldBeTrue();
        Send(IpFamily.IPv4, payload[1..]);
        TierRig.Wait(() => _rig.Counters().EgressByDevice.Packets == 1, "what fits leaves by the device");
    }

    public void Dispose() => _rig.Dispose();

    private static RemoteVtep Remote(IpFamily outer) =>
        outer == IpFamily.IPv4 ? TestNode.B.Remote : TestNode.B.RemoteV6;

    // All of b's pods by one underlay. May be called again: the packets' way changes.
    private void Start(IpFamily outer, bool mayBeDirect)
    {
        ForwardingTable table = new ForwardingTableBuilder()
            .AddLocal(TestNode.A.PodsV4).AddLocal(TestNode.A.PodsV6)
            .AddRoute(TestNode.B.PodsV4, Remote(outer)).AddRoute(TestNode.B.PodsV6, Remote(outer)).Build();
        if (!_rig.Tier.IsEgressAttached)
        {
            _rig.End.Publisher.Publish(table.With(_rig.End.Local), TableChange.None);
            _rig.End.Publisher.Add(_rig.Tier.Mirror);
            _rig.End.Fault.ShouldBeNull();
            _rig.A.Invoke(() => _rig.Tier.TakePort(TierRig.Port));
            _rig.A.Invoke(_rig.Tier.AttachEgress);
        }

        // An MTU that nothing fits into leads all packets by the device.
        _rig.A.Invoke(() => _rig.Tier.SetUnderlay(_rig.End.Options.Underlay with { Mtu = mayBeDirect ? 1500 : 0 }));
    }

    private Socket PodSocket(IpFamily family, string? target = null) => _rig.A.Invoke(() =>
    {
        bool isIpv4 = family == IpFamily.IPv4;
        Socket socket = new(
            isIpv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);

        // The bridge's address stands for a pod's.
        socket.Bind(new IPEndPoint(IPAddress.Parse(isIpv4 ? "10.244.1.1" : "fd00:10:244:1::1"), PodPort));
        socket.Connect(IPAddress.Parse(target ?? TestNode.B.Pod(family)), 53);
        return socket;
    });

    private void Send(IpFamily family, byte[] payload, Ecn mark = Ecn.NotEct)
    {
        using Socket pod = PodSocket(family);
        if (family == IpFamily.IPv4)
            pod.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService, (int)mark);
        else pod.SetRawSocketOption(41, 67, BitConverter.GetBytes((int)mark));
        _ = pod.Send(payload);
    }

    private byte[] Encapsulated(byte[] packet, IpFamily outer)
    {
        PacketBatch batch = new(1);
        batch.PutPacket(packet);
        ForwardingTable table = new ForwardingTableBuilder()
            .AddRoute(TestNode.B.PodsV4, Remote(outer)).AddRoute(TestNode.B.PodsV6, Remote(outer)).Build();
        _ = Encapsulator.Encapsulate(batch, table.With(_rig.End.Local));
        batch[0].Verdict.ShouldBe(DropReason.None);
        return batch.WholePacket(0);
    }

    private static bool IsVxlan(byte[] frame)
    {
        bool isIpv4 = frame[12] == 0x08 && frame[13] == 0x00;
        int transport = isIpv4 ? 34 : 54;
        return frame.Length > transport + 30 && frame[isIpv4 ? 23 : 20] == IpProtocol.Udp
            && BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(transport + 2)) == TierRig.Port;
    }

    private static byte[] DatagramOf(byte[] frame) => frame[((frame[12] == 0x08 ? 34 : 54) + 8)..];

    private static bool IsOf(byte[] packet, IpFamily family, byte[] payload) =>
        packet[0] >> 4 == (int)family && packet.AsSpan().EndsWith(payload);

    // As SourcePortPool's sockets and their kernel write it: no DSCP, TTL 64, DF clear.
    private static void CheckOuter(byte[] frame, IpFamily outer, Ecn mark)
    {
        if (outer == IpFamily.IPv4)
        {
            Ipv4Header.TryParse(frame.AsSpan(14), out Ipv4Header ip).ShouldBeTrue();
            frame[15].ShouldBe((byte)mark);
            (ip.Ttl, ip.FlagsAndFragmentOffset, ip.TotalLength)
                .ShouldBe(((byte)64, (ushort)0, (ushort)(frame.Length - 14)));
            ReferenceChecksum.Sum(frame.AsSpan(14, 20)).ShouldBe((ushort)0xffff);
            ((IpAddress)ip.Source).ShouldBe(TestNode.A.Remote.Address);
            ((IpAddress)ip.Destination).ShouldBe(TestNode.B.Remote.Address);
            return;
        }

        Ipv6Header.TryParse(frame.AsSpan(14), out Ipv6Header ipv6).ShouldBeTrue();
        (ipv6.TrafficClass, ipv6.HopLimit, ipv6.TotalLength).ShouldBe(((byte)mark, (byte)64, frame.Length - 14));
        ((IpAddress)ipv6.Source).ShouldBe(TestNode.A.RemoteV6.Address);
        ((IpAddress)ipv6.Destination).ShouldBe(TestNode.B.RemoteV6.Address);
    }
}
