using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Ebpf.Devices;
using Overlay.Dataplane.Ebpf.Lifecycle;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Tests;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed class EbpfTierTests
{
    private const string PodOfB = "10.244.2.1";
    private const string PodOfBV6 = "fd00:10:244:2::1";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Two_tiers_carry_pings_of_every_size_and_streams_of_both_families(bool hasDirectEgress)
    {
        using TierPair pair = new(options => options with { HasDirectEgress = hasDirectEgress });
        foreach (string target in new[] { PodOfB, PodOfBV6 })
        {
            foreach (string size in new[] { "0", "1400", "20000", "60000" })
                pair.A.Node.Run("ping", "-n", "-c", "2", "-i", "0.05", "-W", "2", "-s", size, target).EnsureSuccess();
            Transfers.Run(pair.A, pair.B, target, 20_000_000);
        }

        EbpfCounters counters = pair.A.Node.Invoke(pair.A.Tier.ReadCounters);
        counters.EgressDirect.Packets.ShouldBe(hasDirectEgress ? counters.EgressDirect.Packets : 0);

        // The node's IPv6 pods are behind its IPv6 VTEP, which headers of the program's never reach.
        counters.EgressByDevice.Packets.ShouldBeGreaterThan(0);
        if (hasDirectEgress) counters.EgressDirect.Packets.ShouldBeGreaterThan(10_000);
        counters.EgressFailed.ShouldBe(0);
        foreach (DropReason reason in Enum.GetValues<DropReason>()) counters.Dropped(reason).ShouldBe(0, $"{reason}");
    }

    [Theory]
    [InlineData(PodOfB, true)]
    [InlineData(PodOfB, false)]
    [InlineData(PodOfBV6, true)]
    public void A_super_packet_of_datagrams_comes_as_the_datagrams_it_stands_for(string target, bool hasDirectEgress)
    {
        const int SolUdp = 17;
        const int UdpSegment = 103;
        using TierPair pair = new(options => options with { HasDirectEgress = hasDirectEgress });
        IPEndPoint end = new(IPAddress.Parse(target), 5003);
        using Socket receiver = pair.B.Node.Invoke(() =>
        {
            Socket socket = new(end.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
            socket.Bind(end);
            return socket;
        });
        using Socket sender = pair.A.Node.Invoke(
            () => new Socket(end.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        sender.SetRawSocketOption(SolUdp, UdpSegment, BitConverter.GetBytes(1000));
        byte[] data = PacketBuilder.Pattern(39_500);
        _ = sender.SendTo(data, end);
        byte[] received = new byte[data.Length];
        for (int i = 0; i < 40; i++)
            receiver.Receive(received.AsSpan(i * 1000)).ShouldBe(i < 39 ? 1000 : 500, $"datagram {i}");
        received.SequenceEqual(data).ShouldBeTrue();
        pair.A.Node.Invoke(pair.A.Tier.ReadCounters).Egress.Packets.ShouldBeGreaterThanOrEqualTo(40);
    }

    [Fact]
    public void Without_a_reader_of_the_tun_the_kernel_goes_on_forwarding()
    {
        using TierPair pair = new();
        foreach (TierEnd end in new[] { pair.A, pair.B })
        {
            end.Tun.Persist(true);
            end.Tun.Dispose();
            end.Node.Invoke(() => TierEnd.LinkOf(TierEnd.TunName).HasCarrier).ShouldBeFalse();
        }

        foreach (string target in new[] { PodOfB, PodOfBV6 })
        {
            pair.A.Node.Run("ping", "-n", "-c", "20", "-i", "0.01", "-W", "1", target)
                .Output.ShouldContain(" 20 received");
        }
    }

    [Fact]
    public void A_host_that_ignores_routes_without_carrier_forwards_while_there_is_a_reader()
    {
        using TierPair pair = new();
        pair.A.Node.Run("sysctl", "-qw", "net.ipv4.conf.all.ignore_routes_with_linkdown=1").EnsureSuccess();
        pair.A.Node.Ping(IPAddress.Parse(PodOfB)).Succeeded.ShouldBeTrue();
        pair.A.Tun.Persist(true);
        pair.A.Tun.Dispose();

        // A limit, which status names. The kernel's routes hear of the carrier a moment later (net/core/link_watch.c).
        TierRig.Wait(() => !pair.A.Node.Ping(IPAddress.Parse(PodOfB)).Succeeded, "packets pass without carrier");
        pair.A.Node.Run("sysctl", "-qw", "net.ipv4.conf.all.ignore_routes_with_linkdown=0").EnsureSuccess();
        pair.A.Node.Ping(IPAddress.Parse(PodOfB)).Succeeded.ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Strict_reverse_path_filters_let_packets_of_peers_in(bool hasShortcut)
    {
        using TierPair pair = new();
        foreach (TierEnd end in new[] { pair.A, pair.B })
        {
            foreach (string link in new[] { "all", "default", TierEnd.TunName, "eth0", VxlanDevice.NameOf(TestNode.Network) })
                end.Node.Run("sysctl", "-qw", $"net/ipv4/conf/{link}/rp_filter=1").EnsureSuccess();
            if (hasShortcut) end.Node.Invoke(end.Tier.TryTakeShortcut).ShouldBeTrue();
        }

        pair.A.Node.Run("ping", "-n", "-c", "20", "-i", "0.01", "-W", "1", PodOfB).Output.ShouldContain(" 20 received");
        Transfers.Run(pair.A, pair.B, PodOfB, 5_000_000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Programs_forward_without_their_process_and_the_next_one_adopts_them_without_loss(bool hasLinks)
    {
        using TierPair pair = new(options => options with { HasLinks = hasLinks });
        using (Pings pings = new(pair.A.Node, PodOfB, 500))
        {
            for (int i = 0; i < 5 && !pings.IsOver; i++)
            {
                pair.A.Restart();
                pair.A.Tier.IsAdopted.ShouldBeTrue();
                pair.A.Start(TestNode.B);
            }

            pings.Lost().ShouldBe(0);
        }

        // A process reports what was carried since it began. Other tests have the same object.
        pair.A.Restart();
        pair.A.Start(TestNode.B);
        VtepTraffic traffic = TestNode.B.Remote.Traffic;
        (long egress, long ingress, long bytes) = (traffic.EgressPackets, traffic.IngressPackets, traffic.IngressBytes);
        using (Pings pings = new(pair.A.Node, PodOfB, 20)) pings.Lost().ShouldBe(0);
        for (int i = 0; i < 2; i++)
        {
            pair.A.Tier.Mirror.CollectTraffic();
            traffic.EgressPackets.ShouldBe(egress + 20);
            traffic.IngressPackets.ShouldBe(ingress + 20);
            traffic.IngressBytes.ShouldBe(bytes + (20 * 84));
        }

        pair.A.Node.Invoke(pair.A.Tier.ReadCounters).Egress.Packets.ShouldBeGreaterThanOrEqualTo(500);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_of_a_tier_without_pins_outlives_it(bool hasLinks)
    {
        using TierPair pair = new(options => options with { HasLinks = hasLinks });
        pair.B.Restart();
        pair.B.Node.Run("ip", "link", "show", VxlanDevice.NameOf(TestNode.Network)).Succeeded.ShouldBeFalse();
        pair.B.Node.Run("tc", "filter", "show", "dev", TierEnd.TunName, "egress").Output.ShouldBeEmpty();
        pair.B.Tier.IsAdopted.ShouldBeFalse();
        pair.A.Node.Ping(IPAddress.Parse(PodOfB)).Succeeded.ShouldBeFalse();
        pair.B.Start(TestNode.A);
        pair.A.Node.WaitForPing(IPAddress.Parse(PodOfB));
    }

    [Fact]
    public void A_first_table_without_an_own_end_leaves_an_earlier_processs_maps_alone()
    {
        using TierPair pair = new();
        pair.A.Restart();
        pair.A.Publisher.Add(pair.A.Tier.Mirror);
        pair.A.Node.Ping(IPAddress.Parse(PodOfB)).Succeeded.ShouldBeTrue("the table is empty so far");
        pair.A.Publisher.Publish(ForwardingTable.Empty.With(pair.A.Local), TableChange.None);
        pair.A.Node.Ping(IPAddress.Parse(PodOfB)).Succeeded.ShouldBeFalse("an empty table is one, too");
        pair.A.Publisher.Remove(pair.A.Tier.Mirror);
    }

    [Theory]
    [InlineData("link delete ovx.658188")]
    [InlineData("link set ovx.658188 down")]
    public void A_device_that_somebody_takes_away_is_noticed_and_made_anew(string command)
    {
        using TierPair pair = new();
        pair.A.Node.Invoke(pair.A.Tier.IsIntact).ShouldBeTrue();
        pair.A.Node.Ip(command);
        pair.A.Node.Invoke(pair.A.Tier.IsIntact).ShouldBeFalse();
        pair.A.Node.Invoke(pair.A.Tier.ReleasePort);
        pair.A.Node.Invoke(() => pair.A.Tier.TakePort(TierEnd.Port));
        pair.A.Node.Invoke(pair.A.Tier.IsIntact).ShouldBeTrue();
        pair.A.Node.WaitForPing(IPAddress.Parse(PodOfB));
    }

    [Fact]
    public void Attaching_and_detaching_the_egress_program_leaves_packets_to_the_loop_and_takes_them_again()
    {
        using TierRig rig = new();
        rig.Start();
        for (int i = 0; i < 3; i++)
        {
            rig.A.Invoke(rig.Tier.DetachEgress);
            rig.A.Ping(IPAddress.Parse(PodOfB), 1);
            rig.ReadTun(1).ShouldNotBeNull();
            rig.A.Invoke(rig.Tier.AttachEgress);
            rig.A.Ping(IPAddress.Parse(PodOfB), 1);
            rig.ReadTun(1, TimeSpan.FromMilliseconds(20)).ShouldBeNull();
        }
    }

    [Fact]
    public void Removing_leaves_no_device_no_pin_and_no_program()
    {
        using TierPair pair = new();
        pair.A.Node.Invoke(pair.A.Tier.RemoveFromKernel);
        Directory.Exists(pair.PinDirectory).ShouldBeFalse();
        pair.A.Node.Run("ip", "link", "show", VxlanDevice.NameOf(TestNode.Network)).Succeeded.ShouldBeFalse();
        pair.A.Node.Ping(IPAddress.Parse(PodOfB), 1).Succeeded.ShouldBeFalse();
        PacketBatch batch = new(8);
        TierRig.Wait(() => pair.A.Tun.TryRead(batch), "the daemon's loop has the packets");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_dead_process_has_left_is_removed_by_name(bool hasLinks)
    {
        using TierPair pair = new(options => options with { HasLinks = hasLinks });
        pair.A.Node.Invoke(pair.A.Tier.TryTakeShortcut).ShouldBeTrue();
        pair.A.Tier.Dispose();
        pair.A.Node.Ping(IPAddress.Parse(PodOfB)).Succeeded.ShouldBeTrue();
        pair.A.Node.Invoke(
            () => EbpfTier.RemoveLeftovers(
                TestNode.Network, [pair.A.Options.TunIndex, pair.A.Local.UnderlayIndex], pair.PinDirectory));
        Directory.Exists(pair.PinDirectory).ShouldBeFalse();
        pair.A.Node.Run("ip", "link", "show", VxlanDevice.NameOf(TestNode.Network)).Succeeded.ShouldBeFalse();
        foreach ((string device, string hook) in new[] { (TierEnd.TunName, "egress"), ("eth0", "ingress") })
            pair.A.Node.Run("tc", "filter", "show", "dev", device, hook).Output.ShouldBeEmpty();
        pair.A.Node.Ping(IPAddress.Parse(PodOfB)).Succeeded.ShouldBeFalse();
        pair.A.Restart();
    }
}
