using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Ebpf.Devices;
using Overlay.Dataplane.Ebpf.Lifecycle;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Tests;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Tests;

/// <summary>The tunnels' port: who has it, and how it changes hands.</summary>
public sealed class TierPortTests
{
    private const string PodOfB = "10.244.2.1";
    private const string PodOfBV6 = "fd00:10:244:2::1";

    [Fact]
    public void A_port_that_a_socket_has_is_an_error_that_says_so_and_nothing_is_left()
    {
        using TierRig rig = new();
        using Socket socket = rig.A.Invoke(static () =>
        {
            Socket taken = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            taken.Bind(new IPEndPoint(TestNode.A.Remote.Address.ToIPAddress(), TierEnd.Port));
            return taken;
        });
        CheckPortTaken(rig);
        socket.Dispose();
        rig.A.Invoke(() => rig.Tier.TakePort(TierEnd.Port));
        rig.Tier.HasPort.ShouldBeTrue();
    }

    [Theory]
    [InlineData("external")]
    [InlineData("id 7")]
    public void A_port_that_another_vxlan_device_has_is_an_error_that_says_so_and_nothing_is_left(string kind)
    {
        using TierRig rig = new();
        rig.A.Ip($"link add other type vxlan {kind} dstport 8472", "link set other up");
        CheckPortTaken(rig);
        rig.A.Ip("link delete other");
        rig.A.Invoke(() => rig.Tier.TakePort(TierEnd.Port));
    }

    [Fact]
    public void A_second_device_that_a_process_has_left_during_a_handover_is_removed_when_the_next_takes_the_port()
    {
        using TierPair pair = new();
        pair.A.Node.Invoke(pair.A.Tier.TryBeginHandover).ShouldBeTrue();
        pair.A.Restart();
        pair.A.Start(TestNode.B);
        pair.A.Node.Run("ip", "link", "show", VxlanDevice.BridgeNameOf(TestNode.Network)).Succeeded.ShouldBeFalse();
        pair.A.Node.WaitForPing(IPAddress.Parse(PodOfB));
    }

    [Fact]
    public void A_device_of_another_is_not_removed()
    {
        using TierRig rig = new();
        rig.A.Ip("link add ovx.658188 type vxlan external dstport 9999");
        LinuxException refused = Should.Throw<LinuxException>(
            () => rig.A.Invoke(() => rig.Tier.TakePort(TierEnd.Port)));
        refused.Errno.ShouldBe(Errno.EEXIST);
        refused.Message.ShouldContain("ovx.658188, whose name another has");
        rig.A.Invoke(() => EbpfTier.RemoveLeftovers(TestNode.Network, [rig.End.Options.TunIndex]));
        rig.A.Run("ip", "link", "show", "ovx.658188").EnsureSuccess();
    }

    [Fact]
    public void A_released_port_is_free_and_the_counts_go_on()
    {
        using TierRig rig = new();
        rig.Start();
        using Socket socket = rig.SocketOfB(TestNode.B.Remote.Address);
        _ = socket.Send(IngressFrame.All.First(static frame => frame.Name == "reserved bit 5").Datagram);
        TierRig.Wait(() => rig.Counters().Dropped(DropReason.VxlanInvalidHdr) == 1, "the device has counted");
        rig.A.Invoke(rig.Tier.ReleasePort);
        rig.Counters().Dropped(DropReason.VxlanInvalidHdr).ShouldBe(1);
        using Socket own = rig.A.Invoke(static () =>
        {
            Socket free = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            free.Bind(new IPEndPoint(IPAddress.Any, TierEnd.Port));
            return free;
        });
        rig.A.Run("ip", "link", "show", "ovx.658188").Succeeded.ShouldBeFalse();
    }

    [Theory]
    [InlineData(PodOfB)]
    [InlineData(PodOfBV6)]
    public void The_port_changes_hands_both_ways_without_loss(string target)
    {
        using TierPair pair = new();
        TierEnd end = pair.B;
        using Datagrams datagrams = new(pair.A, pair.B, target);
        for (int i = 0; i < 5; i++)
        {
            end.Node.Invoke(end.Tier.TryBeginHandover).ShouldBeTrue();
            end.Node.Invoke(end.Tier.ReleasePort);
            long before = end.Node.Invoke(end.Tier.ReadCounters).Bridged;
            TierRig.Wait(() => end.Node.Invoke(end.Tier.ReadCounters).Bridged > before + 20, "datagrams are bridged");
            end.Node.Invoke(() => end.Tier.TakePort(TierEnd.Port));
            end.Node.Invoke(end.Tier.EndHandover);
        }

        (int sent, int lost) = datagrams.End();
        sent.ShouldBeGreaterThan(100);
        lost.ShouldBe(0);
        end.Node.Run("ip", "link", "show", VxlanDevice.BridgeNameOf(TestNode.Network)).Succeeded.ShouldBeFalse();
    }

    [Fact]
    public void A_socket_of_the_daemons_that_has_the_port_gets_nothing_during_a_handover_and_all_after_it()
    {
        using TierRig rig = new();
        rig.Start();
        rig.A.Invoke(rig.Tier.ReleasePort);
        using Socket own = rig.A.Invoke(static () =>
        {
            Socket bound = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
            {
                ReceiveTimeout = 5000,
            };
            bound.Bind(new IPEndPoint(TestNode.A.Remote.Address.ToIPAddress(), TierEnd.Port));
            return bound;
        });
        using Socket peer = rig.SocketOfB(TestNode.B.Remote.Address);
        byte[] datagram = IngressFrame.All.First().Datagram;
        rig.A.Invoke(rig.Tier.TryBeginHandover).ShouldBeTrue();
        _ = peer.Send(datagram);
        TierRig.Wait(() => rig.Counters() is { Bridged: 1, Ingress.Packets: 1 }, "the bridge has carried it");
        own.Available.ShouldBe(0);
        rig.A.Invoke(rig.Tier.EndHandover);
        _ = peer.Send(datagram);
        own.Receive(new byte[2000]).ShouldBe(datagram.Length);
    }

    private static void CheckPortTaken(TierRig rig)
    {
        LinuxException taken = Should.Throw<LinuxException>(() => rig.A.Invoke(() => rig.Tier.TakePort(TierEnd.Port)));
        taken.Errno.ShouldBe(Errno.EADDRINUSE);
        taken.Message.ShouldContain("8472/udp for ovx.658188, which a socket or another vxlan device has");
        rig.Tier.HasPort.ShouldBeFalse();
        rig.A.Run("ip", "link", "show", "ovx.658188").Succeeded.ShouldBeFalse();
    }
}
