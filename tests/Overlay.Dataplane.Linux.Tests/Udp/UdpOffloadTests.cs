using System.Buffers.Binary;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Tests;

/// <summary>
/// Many datagrams in one system call, out and in: which are packed together, and that none is lost where the kernel
/// refuses.
/// </summary>
public sealed class UdpOffloadTests : IDisposable
{
    private const int HeaderPiece = 74;

    private readonly UdpRig _rig = new();
    private int _used;

    [Theory]
    [InlineData("192.168.77.2", Offloads.None, Offloads.None)]
    [InlineData("192.168.77.2", Offloads.None, Offloads.UdpReceive)]
    [InlineData("192.168.77.2", Offloads.UdpSend, Offloads.None)]
    [InlineData("192.168.77.2", Offloads.UdpSend, Offloads.UdpReceive)]
    [InlineData("fd77::2", Offloads.None, Offloads.None)]
    [InlineData("fd77::2", Offloads.UdpSend, Offloads.None)]
    [InlineData("fd77::2", Offloads.UdpSend, Offloads.UdpReceive)]
    public void Equal_datagrams_of_a_flow_arrive_in_order_whatever_each_side_has(
        string to, Offloads atSender, Offloads atReceiver)
    {
        UdpUnderlay a = _rig.Open(_rig.A, atSender);
        UdpUnderlay b = _rig.Open(_rig.B, atReceiver);
        for (int i = 0; i < 100; i++) Add(to, 1400);
        Add(to, 200);
        Send(a);

        // 46 of that size are the most of one message: three of 34 cost less than two of 46 and one of 9.
        int[] trains = Receive(b);
        bool isTrain = atSender == Offloads.UdpSend && atReceiver == Offloads.UdpReceive;
        trains.ShouldBe(isTrain ? [34, 34, 33] : Enumerable.Repeat(1, 101));
    }

    [Theory]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(200)]
    [InlineData(400)]
    public void More_than_the_kernel_takes_at_once_are_split_evenly(int count)
    {
        UdpUnderlay a = _rig.Open(_rig.A, Offloads.UdpSend);
        UdpUnderlay b = _rig.Open(_rig.B, Offloads.UdpReceive);
        for (int i = 0; i < count; i++) Add("192.168.77.2", 100);
        Send(a);

        int messages = (count + a.MaxSegments - 1) / a.MaxSegments;
        int[] trains = Receive(b);
        trains.Length.ShouldBe(messages);
        (trains.Max() - trains.Min()).ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public void What_differs_in_what_a_message_has_only_one_of_is_not_packed_together()
    {
        UdpUnderlay a = _rig.Open(_rig.A, Offloads.UdpSend);
        UdpUnderlay b = _rig.Open(_rig.B, Offloads.UdpReceive);
        foreach (int size in new[] { 300, 300, 301, 300, 300, 299, 300 }) Add("192.168.77.2", size);
        foreach (Ecn ecn in new[] { Ecn.Ect0, Ecn.Ect0, Ecn.Ce, Ecn.Ect0 }) Add("192.168.77.2", 300, ecn: ecn);
        Add("192.168.77.2", 400);
        Add("192.168.77.254", 400);
        Add("192.168.77.2", 400);
        Send(a);
        Receive(b, from => from != "192.168.77.254").ShouldBe([2, 2, 2, 1, 2, 1, 1, 1, 1]);
    }

    [Fact]
    public void Flows_that_share_a_source_port_share_a_message_and_others_do_not()
    {
        UdpUnderlay a = _rig.Open(_rig.A, Offloads.UdpSend);
        UdpUnderlay b = _rig.Open(_rig.B, Offloads.UdpReceive);
        foreach (uint flow in new uint[] { 0, 16, 1, 0, 17, 32, 2 }) Add("192.168.77.2", 300, flow);
        Send(a);
        Receive(b, inOrder: false).Order().ShouldBe([1, 2, 4]);
    }

    /// <summary>
    /// A path that takes less than the segments need: the kernel refuses to segment, and fragments what is sent singly.
    /// </summary>
    [Theory]
    [InlineData("192.168.77.2", "route add 192.168.77.2/32 dev eth0 mtu 1000", 1400)]
    [InlineData("fd77::2", "route add fd77::2/128 dev eth0 mtu 1300", 1400)]
    [InlineData("192.168.77.2", "route add 192.168.77.2/32 dev eth0", 3000)]
    public void Where_segments_exceed_the_paths_mtu_none_is_lost(string to, string route, int size)
    {
        UdpUnderlay a = _rig.Open(_rig.A, Offloads.UdpSend);
        UdpUnderlay b = _rig.Open(_rig.B, Offloads.UdpReceive);
        _rig.A.Ip(route);
        int before = a.MaxSegments;
        for (int i = 0; i < 50; i++) Add(to, size);
        Add(to, 100);
        Send(a);
        Receive(b).Length.ShouldBe(51);
        a.MaxSegments.ShouldBe(before, "another path may well take them");
    }

    [Theory]
    [InlineData("tx", "off")]
    [InlineData("tx-udp-segmentation", "off")]
    public void A_device_without_offloads_of_its_own_gets_all_of_them(string feature, string state)
    {
        UdpUnderlay a = _rig.Open(_rig.A, Offloads.UdpSend);
        UdpUnderlay b = _rig.Open(_rig.B, Offloads.UdpReceive);
        _rig.A.Run("ethtool", "-K", "eth0", feature, state).EnsureSuccess();
        for (int i = 0; i < 200; i++) Add("192.168.77.2", 1400);
        Send(a);
        Receive(b).Sum().ShouldBe(200);
    }

    [Fact]
    public void An_unreachable_peer_costs_no_other_peer_a_datagram()
    {
        UdpUnderlay a = _rig.Open(_rig.A, Offloads.UdpSend);
        UdpUnderlay b = _rig.Open(_rig.B, Offloads.UdpReceive);
        _rig.A.Ip("route delete default");
        for (int i = 0; i < 60; i++) Add(i / 10 % 2 == 0 ? "203.0.113.1" : "192.168.77.2", 500);
        a.Send(_rig.Sent);
        for (int i = 0; i < 60; i++)
            _rig.Sent[i].Verdict.ShouldBe(
                i / 10 % 2 == 0 ? DropReason.UnderlayUnreachable : DropReason.None, $"datagram {i}");
        Receive(b, static to => to == "192.168.77.2").ShouldBe([10, 10, 10]);
    }

    [Fact]
    public void A_peer_to_which_the_kernel_refuses_to_cut_slows_no_other()
    {
        UdpUnderlay a = _rig.Open(_rig.A, Offloads.UdpSend);
        UdpUnderlay b = _rig.Open(_rig.B, Offloads.UdpReceive);
        a.Refusals.Add(IpAddress.Parse("192.168.77.2"));
        for (int i = 0; i < 20; i++) Add("192.168.77.2", 500);
        for (int i = 0; i < 20; i++) Add("fd77::2", 500);
        Send(a);
        int[] trains = Receive(b, inOrder: false);
        trains.Order().ShouldBe([.. Enumerable.Repeat(1, 20), 20]);
    }

    [Fact]
    public void The_kernels_limit_is_found_out()
    {
        _rig.Open(_rig.A, Offloads.UdpSend).MaxSegments.ShouldBeOneOf(64, 128);
        _rig.Open(_rig.B, Offloads.UdpReceive).MaxSegments.ShouldBe(1);
    }

    public void Dispose() => _rig.Dispose();

    // Every other one in two pieces, as a segment of a super-packet is; each begins with its number.
    private void Add(string to, int size, uint flow = 0, Ecn ecn = Ecn.NotEct)
    {
        Span<byte> bytes = _rig.Sent.Memory.AsSpan(_used, size);
        bytes.Fill((byte)_rig.Sent.Count);
        BinaryPrimitives.WriteInt32BigEndian(bytes, _rig.Sent.Count);
        int first = _rig.Sent.Count % 2 == 0 ? size : Math.Min(size, HeaderPiece);
        ref PacketSlot slot = ref _rig.Add(to, _used, first);
        slot.PayloadOffset = _used + first;
        slot.PayloadLength = size - first;
        slot.FlowHash = flow;
        slot.OuterEcn = ecn;
        _used += size;
    }

    private void Send(UdpUnderlay underlay)
    {
        underlay.Send(_rig.Sent);
        for (int i = 0; i < _rig.Sent.Count; i++) _rig.Sent[i].Verdict.ShouldBe(DropReason.None, $"datagram {i}");
    }

    /// <summary>
    /// Receives all that were sent to peers that the filter lets through; returns how many came at once, each time.
    /// </summary>
    private int[] Receive(UdpUnderlay underlay, Func<string, bool>? isExpected = null, bool inOrder = true)
    {
        int[] expected = [.. Enumerable.Range(0, _rig.Sent.Count)
            .Where(i => isExpected is null || isExpected(_rig.Sent[i].Remote!.Node))];
        List<int> arrived = [];
        List<int> trains = [];
        PacketBatch batch = new(8);
        while (arrived.Count < expected.Length)
        {
            UdpRig.Receive(underlay, batch).ShouldBeTrue();
            for (int i = 0; i < batch.ReceivedCount; i++)
            {
                byte[] bytes = batch.ReceivedBytes(i).ToArray();
                int size = batch.Received(i).SegmentSize;
                byte[][] datagrams = size == 0 ? [bytes] : [.. bytes.Chunk(size)];
                trains.Add(datagrams.Length);
                foreach (byte[] datagram in datagrams) arrived.Add(CheckedNumber(datagram, batch.Received(i)));
            }
        }

        (inOrder ? arrived : [.. arrived.Order()]).ShouldBe(expected);
        return [.. trains];
    }

    private int CheckedNumber(byte[] datagram, ReceivedBuffer received)
    {
        int number = BinaryPrimitives.ReadInt32BigEndian(datagram);
        datagram.Length.ShouldBe(_rig.Sent[number].TotalLength);
        datagram.AsSpan(sizeof(int)).IndexOfAnyExcept((byte)number).ShouldBe(-1, $"datagram {number} has changed");
        received.OuterEcn.ShouldBe(_rig.Sent[number].OuterEcn);
        return number;
    }
}
