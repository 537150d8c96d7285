using System.Net;
using System.Net.Sockets;
using Overlay.EndToEnd.Tests.Tiers;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests;

/// <summary>
/// Services whose pods are on two nodes, by rules as kube-proxy makes them: reached by everybody, who is seen as
/// Kubernetes promises.
/// </summary>
[Trait(BothTiers.Name, BothTiers.Yes)]
public sealed class ServiceTests : IAsyncLifetime
{
    private const int PodPort = 8080;
    private const int NodePort = 30_080;
    private const int LocalNodePort = 30_081;

    // Two pods are chosen from by chance: that one of them is missed is one in a million.
    private const int Tries = 20;

    private static readonly IPAddress _clusterIp = IPAddress.Parse("10.96.0.10");
    private static readonly IPAddress _lonelyIp = IPAddress.Parse("10.96.0.11");
    private static readonly IPAddress _balancer = IPAddress.Parse("203.0.113.10");
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly LabNetwork _lab = LabNetwork.Create(
        new() { Name = "services", PodsPerNode = 2, Underlay = AddressFamilies.V4, Inner = AddressFamilies.V4 });
    private readonly Dictionary<string, Socket> _listeners = [];

    private Node A => _lab["a"];

    private Pod Near => A.Pods[0];

    private Pod Client => A.Pods[1];

    private Pod Far => _lab["b"].Pods[0];

    private IPAddress Tun => A.PodCidrV4!.Value.BaseAddress;

    private IPAddress Gateway => LabAddresses.GatewayV4(1);

    public Task InitializeAsync()
    {
        foreach (Node node in _lab.Nodes)
        {
            // As kubelet's host has it: else an answer within a bridge goes past the rules.
            node.Set("net/bridge/bridge-nf-call-iptables", "1");
            node.Bridge($"link set dev {node.Pods[0].HostDevice} hairpin on");
        }

        _ = _lab.StartDaemons();
        foreach (Pod pod in new[] { Near, Far }) _listeners[pod.Name] = Listen(pod);
        _lab.Switch.Ip($"route add {_balancer} via {A.UnderlayV4}");
        return Task.CompletedTask;
    }

    public Task DisposeAsync()
    {
        foreach (Socket listener in _listeners.Values) listener.Dispose();
        _lab.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData("nftables")]
    [InlineData("iptables-nft")]
    [InlineData("iptables-legacy")]
    public async Task A_service_is_reached_from_everywhere_and_its_pods_see_who_asks(string proxy)
    {
        foreach (Node node in _lab.Nodes) Apply(proxy, node);
        await ShouldSee(Client, new(_clusterIp, Service.Port), near: Client.AddressV4!, far: Client.AddressV4!);
        await ShouldSee(A, new(_clusterIp, Service.Port), near: Gateway, far: Tun);
        await ShouldSee(Client, new(A.UnderlayV4!, NodePort), near: Gateway, far: Tun);
        await ShouldSee(A, new(A.UnderlayV4!, NodePort), near: Gateway, far: Tun);
        await ShouldSee(_lab.Switch, new(A.UnderlayV4!, NodePort), near: Gateway, far: Tun);
        await ShouldSee(_lab.Switch, new(_balancer, Service.Port), near: Gateway, far: Tun);
        await ShouldSee(Client, new(_balancer, Service.Port), near: Gateway, far: Tun);

        // Local: from outside only to the node's own pod, which sees who it is; from inside to all.
        await ShouldSee(_lab.Switch, new(A.UnderlayV4!, LocalNodePort), near: LabAddresses.OutsideV4, far: null);
        await ShouldSee(Client, new(A.UnderlayV4!, LocalNodePort), near: Client.AddressV4!, far: Client.AddressV4!);
        await ShouldSee(A, new(A.UnderlayV4!, LocalNodePort), near: Gateway, far: Tun);

        // To itself, by way of the Service.
        await ShouldSee(Near, new(_lonelyIp, Service.Port), near: Gateway, far: null);
    }

    private async Task ShouldSee(NetworkNamespace client, IPEndPoint service, IPAddress near, IPAddress? far)
    {
        HashSet<string> seen = [];
        for (int i = 0; i < Tries; i++) _ = seen.Add(await SeeAsync(client, service));
        string[] expected = far is null
            ? [$"{Near.Name} sees {near}"]
            : [$"{Near.Name} sees {near}", $"{Far.Name} sees {far}"];
        string.Join(" and ", seen.Order())
            .ShouldBe(string.Join(" and ", expected), $"from {client.Namespace} to {service}");
    }

    // Which pod answers, and as whom it sees the client.
    private async Task<string> SeeAsync(NetworkNamespace client, IPEndPoint service)
    {
        using Socket connection =
            client.Invoke(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await connection.ConnectAsync(service).WaitAsync(_patience);
        connection.Shutdown(SocketShutdown.Send);
        byte[] name = new byte[64];
        int length = await connection.ReceiveAsync(name).WaitAsync(_patience);
        return System.Text.Encoding.ASCII.GetString(name, 0, length);
    }

    // Answers with its name and the client's address.
    private static Socket Listen(Pod pod)
    {
        Socket listener = pod.Invoke(() =>
        {
            Socket made = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            made.Bind(new IPEndPoint(pod.AddressV4!, PodPort));
            made.Listen();
            return made;
        });
        _ = Task.Run(async () =>
        {
            while (true)
            {
                using Socket accepted = await listener.AcceptAsync();
                _ = await accepted.SendAsync(System.Text.Encoding.ASCII.GetBytes(
                    $"{pod.Name} sees {((IPEndPoint)accepted.RemoteEndPoint!).Address}"));
                accepted.Shutdown(SocketShutdown.Send);
            }
        });
        return listener;
    }

    private void Apply(string proxy, Node node)
    {
        Endpoint near = new(Near.AddressV4!, PodPort, node == A);
        Endpoint far = new(Far.AddressV4!, PodPort, node != A);
        Service[] services =
        [
            new("BOTH", _clusterIp, NodePort, _balancer, IsLocal: false, [near, far]),
            new("LOCAL", IPAddress.Parse("10.96.0.12"), LocalNodePort, null, IsLocal: true, [near, far]),
            new("LONELY", _lonelyIp, 0, null, IsLocal: false, [near]),
        ];
        bool isNft = proxy == "nftables";
        string file = Path.Combine(node.Directory, "services");
        File.WriteAllText(file, isNft ? NftablesProxy.RulesOf(services) : IptablesProxy.RulesOf(services));
        if (isNft) node.Run("nft", "-f", file).EnsureSuccess();
        else node.Run($"{proxy}-restore", "--noflush", file).EnsureSuccess();
    }
}
