using System.Net;
using System.Net.Sockets;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests;

/// <summary>Who is seen as whom: pods, hosts and the outside, each as the others see it.</summary>
public sealed class MasqueradeTests : IDisposable
{
    private readonly LabNetwork _lab = LabNetwork.Create(new() { Name = "masq", PodsPerNode = 2 });

    public void Dispose() => _lab.Dispose();

    public static TheoryData<AddressFamily> Families => [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];

    [Theory]
    [MemberData(nameof(Families))]
    public void Everybody_is_seen_as_flannel_shows_him(AddressFamily family)
    {
        Scene scene = Start(family);
        SeenSource.Of(scene.Pod, scene.LocalPod, scene.LocalPodAddress).ShouldBe(scene.PodAddress);
        SeenSource.Of(scene.Pod, scene.RemotePod, scene.RemotePodAddress).ShouldBe(scene.PodAddress);
        SeenSource.Of(scene.Pod, scene.B, scene.RemoteHostAddress).ShouldBe(scene.HostAddress);
        SeenSource.Of(scene.Pod, _lab.Switch, scene.OutsideAddress).ShouldBe(scene.HostAddress);
        SeenSource.Of(scene.A, scene.LocalPod, scene.LocalPodAddress).ShouldBe(scene.GatewayAddress);
        SeenSource.Of(scene.A, scene.RemotePod, scene.RemotePodAddress).ShouldBe(scene.TunAddress);
        SeenSource.Of(scene.A, _lab.Switch, scene.OutsideAddress).ShouldBe(scene.HostAddress);
        SeenSource.Of(_lab.Switch, scene.Pod, scene.PodAddress).ShouldBe(scene.OutsideAddress);
        SeenSource.Of(_lab.Switch, scene.RemotePod, scene.RemotePodAddress).ShouldBe(scene.TunAddress);

        // Who speaks to a group is seen as himself. Of two nodes' pods none hears the other's.
        IPAddress group = IPAddress.Parse(family == AddressFamily.InterNetwork ? "239.7.7.7" : "ff0e::7:7");
        using MulticastRouter router = new(scene.A, family, "cni0", "eth0");
        router.Route(scene.PodAddress, group, from: 0, to: 1);
        router.Route(scene.OutsideAddress, group, from: 1, to: 0);
        SeenSource.OfMulticast(scene.Pod, "eth0", _lab.Switch, "switch", group).ShouldBe(scene.PodAddress);
        SeenSource.OfMulticast(scene.Pod, "eth0", scene.LocalPod, "eth0", group).ShouldBe(scene.PodAddress);
        SeenSource.OfMulticast(scene.A, "eth0", _lab.Switch, "switch", group).ShouldBe(scene.HostAddress);
        SeenSource.OfMulticast(_lab.Switch, "switch", scene.LocalPod, "eth0", group).ShouldBe(scene.OutsideAddress);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Where_another_is_to_masquerade_pods_are_seen_as_themselves(AddressFamily family)
    {
        Scene scene = Start(family, static overlay => overlay["IpMasq"] = false);
        _lab.Switch.Ip($"route add {scene.PodCidr} via {scene.HostAddress}");
        SeenSource.Of(scene.Pod, scene.RemotePod, scene.RemotePodAddress).ShouldBe(scene.PodAddress);
        SeenSource.Of(scene.Pod, _lab.Switch, scene.OutsideAddress).ShouldBe(scene.PodAddress);
        SeenSource.Of(scene.A, scene.RemotePod, scene.RemotePodAddress).ShouldBe(scene.TunAddress);
    }

    [Fact]
    public void An_exempt_destination_sees_pods_as_themselves()
    {
        Scene scene = Start(AddressFamily.InterNetwork, static overlay =>
            overlay["NonMasqueradeCidrs"] = new System.Text.Json.Nodes.JsonArray("192.168.77.254/32"));
        SeenSource.Of(scene.Pod, _lab.Switch, scene.OutsideAddress).ShouldBe(scene.PodAddress);
        SeenSource.Of(scene.Pod, scene.B, scene.RemoteHostAddress).ShouldBe(scene.HostAddress);
    }

    [Fact]
    public async Task A_host_that_chose_another_source_is_seen_as_its_tun()
    {
        // As a Service's client on the host: its source is chosen by the route to the Service, and that becomes a pod.
        Scene scene = Start(AddressFamily.InterNetwork, static overlay => overlay["IpMasq"] = false);
        _lab["a"]
            .Run("nft",
                "add table ip svc; add chain ip svc out { type nat hook output priority -100; }; add rule ip svc out "
                + "ip daddr 10.96.0.7 tcp dport 80 dnat to "
            + $"{scene.RemotePodAddress}:8080").EnsureSuccess();
        using Socket listener = scene.RemotePod.Invoke(() =>
        {
            Socket made = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            made.Bind(new IPEndPoint(scene.RemotePodAddress, 8080));
            made.Listen();
            return made;
        });
        using Socket client =
            scene.A.Invoke(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await client.ConnectAsync(IPAddress.Parse("10.96.0.7"), 80).WaitAsync(TimeSpan.FromSeconds(10));
        using Socket accepted = await listener.AcceptAsync();
        ((IPEndPoint)accepted.RemoteEndPoint!).Address.ShouldBe(scene.TunAddress);
    }

    private Scene Start(AddressFamily family, Action<System.Text.Json.Nodes.JsonObject>? edit = null)
    {
        foreach (Node node in _lab.Nodes) node.WriteConfig(edit);
        _ = _lab.StartDaemons();
        Scene scene = new(_lab, family);

        // The outside knows the way to node a's pods, and by node a to those of node b.
        foreach (object destination in new object[] { scene.PodAddress, scene.RemotePodAddress })
            _lab.Switch.Ip($"route add {destination} via {scene.HostAddress}");
        return scene;
    }

    private sealed class Scene(LabNetwork lab, AddressFamily family)
    {
        private bool IsV4 => family == AddressFamily.InterNetwork;

        public Node A => lab["a"];

        public Node B => lab["b"];

        public Pod Pod => A.Pods[0];

        public Pod LocalPod => A.Pods[1];

        public Pod RemotePod => B.Pods[0];

        public IPAddress PodAddress => AddressOf(Pod);

        public IPAddress LocalPodAddress => AddressOf(LocalPod);

        public IPAddress RemotePodAddress => AddressOf(RemotePod);

        public IPAddress HostAddress => (IsV4 ? A.UnderlayV4 : A.UnderlayV6)!;

        public IPAddress RemoteHostAddress => (IsV4 ? B.UnderlayV4 : B.UnderlayV6)!;

        public IPAddress OutsideAddress => IsV4 ? LabAddresses.OutsideV4 : LabAddresses.OutsideV6;

        public IPAddress GatewayAddress => IsV4 ? LabAddresses.GatewayV4(1) : LabAddresses.GatewayV6(1);

        public IPNetwork PodCidr => (IsV4 ? A.PodCidrV4 : A.PodCidrV6)!.Value;

        public IPAddress TunAddress => PodCidr.BaseAddress;

        private IPAddress AddressOf(Pod pod) => (IsV4 ? pod.AddressV4 : pod.AddressV6)!;
    }
}
