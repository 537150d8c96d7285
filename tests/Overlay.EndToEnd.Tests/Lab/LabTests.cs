using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Overlay.Lab;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Lab;

/// <summary>The lab itself, with the kernel's own VXLAN in the daemon's place.</summary>
public class LabTests
{
    [Fact]
    public void Pods_reach_each_other_only_while_there_is_a_tunnel()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { PodsPerNode = 2 });
        (Node a, Node b) = (lab["a"], lab["b"]);
        a.Pods[0].Ping(a.Pods[1].AddressV4!).Succeeded.ShouldBeTrue("pods of one node share its bridge");
        a.Ping(b.UnderlayV6!).Succeeded.ShouldBeTrue("nodes share the underlay");
        a.Pods[0].Ping(b.Pods[0].AddressV4!, 1).Succeeded.ShouldBeFalse("no tunnel yet");

        KernelVxlan onA = a.UseKernelVxlan(b);
        KernelVxlan onB = b.UseKernelVxlan(a);
        foreach (Pod from in a.Pods)
        {
            foreach (IPAddress address in b.Pods.SelectMany(pod => pod.Addresses))
            {
                from.Ping(address, 3).EnsureSuccess();
            }
        }

        a.Ping(b.Pods[0].AddressV4!).Succeeded.ShouldBeTrue("the host reaches remote pods too");

        onA.RemovePeer(onB.Lease);
        a.Pods[0].Ping(b.Pods[0].AddressV4!, 1).Succeeded.ShouldBeFalse();
        a.Pods[0].Ping(b.Pods[0].AddressV6!, 1).Succeeded.ShouldBeFalse();

        onA.AddPeer(onB.Lease);
        a.Pods[0].Ping(b.Pods[0].AddressV6!).Succeeded.ShouldBeTrue();
        onB.Remove();
        a.Pods[0].Ping(b.Pods[0].AddressV4!, 1).Succeeded.ShouldBeFalse();
    }

    [Theory]
    [InlineData(AddressFamilies.V4, AddressFamilies.V4, 1450)]
    [InlineData(AddressFamilies.V6, AddressFamilies.V6, 1430)]
    [InlineData(AddressFamilies.Dual, AddressFamilies.V4, 1450)]
    [InlineData(AddressFamilies.Dual, AddressFamilies.Dual, 1430)]
    public void Three_nodes_reach_each_other_with_packets_of_the_whole_mtu(
        AddressFamilies underlay, AddressFamilies inner, int mtu)
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Nodes = 3, Underlay = underlay, Inner = inner });
        lab.Options.EffectivePodMtu.ShouldBe(mtu);
        lab.UseKernelVxlan();
        foreach (Pod from in lab.Pods)
        {
            foreach (IPAddress address in lab.Pods.Where(pod => pod != from).SelectMany(pod => pod.Addresses))
            {
                int payload = mtu - 8 - (address.AddressFamily == AddressFamily.InterNetwork ? 20 : 40);
                from.Ping(address, 1, "-M", "do", "-s", $"{payload}").EnsureSuccess();
                from.Ping(address, 1, "-M", "do", "-s", $"{payload + 1}").Succeeded.ShouldBeFalse();
            }
        }
    }

    [Fact]
    public void Sockets_opened_inside_a_pod_stay_there()
    {
        using LabNetwork lab = LabNetwork.Create();
        lab.UseKernelVxlan();
        (Pod from, Pod to) = (lab["a"].Pods[0], lab["b"].Pods[0]);
        using Socket receiver = to.Invoke(() => Udp(to.AddressV4!));
        using Socket sender = from.Invoke(() => Udp(from.AddressV4!));
        sender.SendTo(Encoding.ASCII.GetBytes("hello"), receiver.LocalEndPoint!);

        byte[] buffer = new byte[100];
        EndPoint source = new IPEndPoint(IPAddress.Any, 0);
        int length = receiver.ReceiveFrom(buffer, ref source);

        Encoding.ASCII.GetString(buffer, 0, length).ShouldBe("hello");
        source.ShouldBe(sender.LocalEndPoint);
        Should.Throw<SocketException>(() => Udp(to.AddressV4!), "the test itself is not in the pod")
            .SocketErrorCode.ShouldBe(SocketError.AddressNotAvailable);
    }

    [Fact]
    public void Offloads_are_switched_at_both_ends_of_a_link()
    {
        using LabNetwork lab = LabNetwork.Create();
        lab.UseKernelVxlan();
        Node node = lab["a"];
        foreach ((bool on, bool? receive) in new (bool, bool?)[] { (false, null), (true, null), (false, true) })
        {
            node.Link.SetOffloads(on, receive);
            (NetworkNamespace, string)[] ends = [(node, "eth0"), (lab.Switch, "port-a")];
            foreach ((NetworkNamespace inside, string device) in ends)
            {
                string features = inside.Run("ethtool", "-k", device).EnsureSuccess().Output;
                features.ShouldContain($"tx-checksumming: {(on ? "on" : "off")}");
                features.ShouldContain($"tcp-segmentation-offload: {(on ? "on" : "off")}");
                features.ShouldContain($"generic-segmentation-offload: {(on ? "on" : "off")}");
                features.ShouldContain($"generic-receive-offload: {(receive ?? on ? "on" : "off")}");
            }

            node.Pods[0].Ping(lab["b"].Pods[0].AddressV4!).EnsureSuccess();
        }
    }

    [Fact]
    public void A_link_can_be_cut()
    {
        using LabNetwork lab = LabNetwork.Create();
        (Node a, Node b) = (lab["a"], lab["b"]);
        a.Link.SetCarrier(false);
        a.Ping(b.UnderlayV4!, 1).Succeeded.ShouldBeFalse();
        a.Link.SetCarrier(true);
        a.WaitForPing(b.UnderlayV4!);

    }

    [NetemFact]
    public void A_link_can_be_slow_or_lossy()
    {
        using LabNetwork lab = LabNetwork.Create();
        (Node a, Node b) = (lab["a"], lab["b"]);
        a.WaitForPing(b.UnderlayV4!);
        a.Link.SetNetem(TimeSpan.FromMilliseconds(30));
        Stopwatch watch = Stopwatch.StartNew();
        a.Ping(b.UnderlayV4!, 1).EnsureSuccess();
        watch.Elapsed.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(60), "30 ms each way");
        a.Link.SetNetem(TimeSpan.Zero, lossPercent: 100);
        a.Ping(b.UnderlayV4!, 1).Succeeded.ShouldBeFalse();
        a.Link.ClearNetem();
        a.Ping(b.UnderlayV4!, 1).EnsureSuccess();
    }

    [Fact]
    public void A_node_can_move_to_another_underlay_address()
    {
        using LabNetwork lab = LabNetwork.Create();
        (Node a, Node b) = (lab["a"], lab["b"]);
        IPAddress old = a.UnderlayV4!;
        a.ChangeUnderlayAddress(IPAddress.Parse("192.168.77.101"));
        a.UnderlayV4!.ToString().ShouldBe("192.168.77.101");
        b.Ping(a.UnderlayV4).EnsureSuccess();
        b.Ping(old, 1).Succeeded.ShouldBeFalse();
        b.Ping(a.UnderlayV6!).EnsureSuccess();
        a.Ping(LabAddresses.OutsideV4).EnsureSuccess();
    }

    [Fact]
    public void Two_nodes_can_share_one_cable_without_a_switch()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { DirectCable = true });
        (Node a, Node b) = (lab["a"], lab["b"]);
        lab.Switch.Run("bridge", "link", "show").EnsureSuccess().Output.ShouldBeEmpty("nothing is plugged in");
        a.WaitForPing(b.UnderlayV4!);
        a.WaitForPing(b.UnderlayV6!);
        a.Pods[0].Ping(b.Pods[0].AddressV4!, 1).Succeeded.ShouldBeFalse("no route yet");

        PlainRoutes[] routes = [a.UsePlainRoutes(b), b.UsePlainRoutes(a)];
        Array.ForEach([.. a.Pods[0].Addresses], address => b.Pods[0].WaitForPing(address));
        foreach (PlainRoutes one in routes) one.Remove();
        a.Pods[0].Ping(b.Pods[0].AddressV4!, 1).Succeeded.ShouldBeFalse("the routes are gone");
    }

    [Fact]
    public void A_link_can_be_like_a_card_without_segmentation_offloads()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { DirectCable = true });
        foreach (bool on in new[] { true, false })
        {
            lab["a"].Link.SetWireLike(on);
            foreach (Node node in lab.Nodes)
            {
                string features = node.Run("ethtool", "-k", "eth0").EnsureSuccess().Output;
                features.ShouldContain($"tcp-segmentation-offload: {(on ? "off" : "on")}");
                features.ShouldContain($"tx-udp-segmentation: {(on ? "off" : "on")}");
                features.ShouldContain($"generic-receive-offload: {(on ? "on" : "off")}");
                features.ShouldContain("tx-checksumming: on");
            }
        }
    }

    [Fact]
    public void A_capture_shows_the_tunnel_on_the_wire()
    {
        using LabNetwork lab = LabNetwork.Create();
        lab.UseKernelVxlan();
        string file = Path.Combine(lab.Directory, "link.pcap");
        BackgroundProcess capture = lab["a"].Link.StartCapture(file, "udp port 8472");
        lab["a"].Pods[0].Ping(lab["b"].Pods[0].AddressV4!, 2).EnsureSuccess();
        capture.Stop().ShouldBe(0);

        string packets = lab.Switch.Run("tcpdump", "-n", "-r", file).EnsureSuccess().Output;
        packets.ShouldContain("192.168.77.1.");
        packets.ShouldContain("10.244.1.2 > 10.244.2.2: ICMP echo request");
        packets.ShouldContain("10.244.2.2 > 10.244.1.2: ICMP echo reply");
    }

    [Fact]
    public void Pods_come_and_go()
    {
        using LabNetwork lab = LabNetwork.Create();
        Node node = lab["a"];
        Pod second = node.AddPod();
        second.AddressV4!.ToString().ShouldBe("10.244.1.3");
        node.Pods[0].Ping(second.AddressV4).EnsureSuccess();
        node.RemovePod(second);
        node.Pods.Count.ShouldBe(1);
        node.Pods[0].Ping(second.AddressV4, 1).Succeeded.ShouldBeFalse();
        node.AddPod().AddressV4!.ToString().ShouldBe("10.244.1.4");
    }

    [Fact]
    public void A_configuration_names_the_nodes_own_files_and_takes_edits()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Inner = AddressFamilies.V4, Vni = 7 });
        Node node = lab["b"];
        node.WriteConfig(overlay => overlay["Network"]!["Mtu"] = 1400);
        JsonNode overlay = JsonNode.Parse(File.ReadAllText(node.ConfigPath))!["Overlay"]!;
        overlay["NodeName"]!.GetValue<string>().ShouldBe("b");
        overlay["Network"]!["Cidr"]!.GetValue<string>().ShouldBe("10.244.0.0/16");
        overlay["Network"]!["CidrV6"]!.GetValue<string>().ShouldBe("");
        overlay["Network"]!["Vni"]!.GetValue<int>().ShouldBe(7);
        overlay["Network"]!["Mtu"]!.GetValue<int>().ShouldBe(1400);
        overlay["Subnet"]!.GetValue<string>().ShouldBe("10.244.2.0/24");
        overlay["ControlPlane"]!["File"]!["Directory"]!.GetValue<string>().ShouldBe(lab.LeaseDirectory);
        overlay["Admin"]!["Socket"]!.GetValue<string>().ShouldStartWith(lab.Directory);
        overlay["StateDirectory"]!.GetValue<string>().ShouldStartWith(lab.Directory);
    }

    [Fact]
    public void A_lease_survives_its_file()
    {
        using LabNetwork lab = LabNetwork.Create();
        KernelVxlan vxlan = lab["a"].UseKernelVxlan();
        vxlan.PublishLease();
        VxlanPeer.Read(lab["a"].LeaseFile).ShouldBe(vxlan.Lease);
        Directory.GetFiles(lab.LeaseDirectory).ShouldBe([lab["a"].LeaseFile]);
    }

    private static Socket Udp(IPAddress address)
    {
        Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }

    // xunit decides what to skip before a test starts, so the kernel is asked when the tests are listed.
    private sealed class NetemFactAttribute : FactAttribute
    {
        private static readonly Lazy<string?> _missing = new(() =>
        {
            using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "probe", Nodes = 1, PodsPerNode = 0 });
            try
            {
                lab["a"].Link.SetNetem(TimeSpan.FromMilliseconds(1));
                return null;
            }
            catch (LabException exception) when (exception.Message.Contains("has no netem", StringComparison.Ordinal))
            {
                return exception.Message;
            }
        });

        public NetemFactAttribute() => Skip = Environment.IsPrivilegedProcess ? _missing.Value : null;
    }
}
