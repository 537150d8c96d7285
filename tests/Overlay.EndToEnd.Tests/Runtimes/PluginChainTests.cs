using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Overlay.Lab.Namespaces;

namespace Overlay.EndToEnd.Tests.Runtimes;

/// <summary>Our plugin before others of containernetworking-plugins, and as a pod's second network.</summary>
public class PluginChainTests(PluginCluster cluster) : IClassFixture<PluginCluster>
{
    private const int Published = 8098;

    private PluginRuntime Runtime => cluster.Runtime;

    [Fact]
    public void Tuning_bandwidth_firewall_and_portmap_work_behind_it_and_leave_nothing()
    {
        JsonObject conflist = PluginRuntime.Conflist(
            Runtime.Overlay(),
            new()
            {
                ["type"] = "tuning",
                ["sysctl"] = new JsonObject { ["net.core.somaxconn"] = "777" },
                ["mtu"] = 1300,
                ["mac"] = "02:00:00:00:0b:0b",
            },
            new() { ["type"] = "firewall", ["backend"] = "iptables" },
            new() { ["type"] = "bandwidth", ["capabilities"] = new JsonObject { ["bandwidth"] = true } },
            new() { ["type"] = "portmap", ["capabilities"] = new JsonObject { ["portMappings"] = true } });
        JsonObject capabilities = new()
        {
            ["bandwidth"] = new JsonObject
            {
                ["ingressRate"] = 80_000_000,
                ["ingressBurst"] = 8_000_000,
                ["egressRate"] = 40_000_000,
                ["egressBurst"] = 8_000_000,
            },
            ["portMappings"] = new JsonArray(new JsonObject
            {
                ["hostPort"] = Published,
                ["containerPort"] = RuntimeNode.Port,
                ["protocol"] = "tcp"
            }),
        };
        NetworkNamespace pod = cluster.A.AddSandbox();
        string[] before = State();
        JsonObject result = Runtime.Add(conflist, pod, capabilities: capabilities);
        (string host, IPAddress address) = (HostInterfaceIn(result), PluginRuntime.AddressesIn(result)[0]);

        pod.Get("net/core/somaxconn").ShouldBe("777");
        string link = pod.Run("ip", "link", "show", "eth0").EnsureSuccess().Output;
        link.ShouldContain("mtu 1300");
        link.ShouldContain("02:00:00:00:0b:0b");
        Qdiscs().ShouldContain($"tbf dev {host} rate 80Mbit", Case.Insensitive);
        Qdiscs().ShouldMatch("(?i)tbf dev bwp[0-9a-f]+ rate 40Mbit");

        // With all of it in between, from another node: the pod, and its published port.
        cluster.Remote.WaitForPing(address);
        Accept(pod, address, () => Connect(cluster.Remote, address, RuntimeNode.Port));
        Accept(pod, address, () => Connect(cluster.B, cluster.A.UnderlayV4!, Published));

        // portmap's own looks for every rule in the tables of both families, and so passes nowhere that has both.
        JsonObject unpublished = conflist.DeepClone().AsObject();
        unpublished["plugins"]!.AsArray().RemoveAt(4);
        Runtime.Check(unpublished, pod, capabilities: capabilities);
        Runtime.Delete(conflist, pod, capabilities: capabilities);
        State().ShouldBe(before);
        Runtime.Delete(conflist, pod, capabilities: capabilities);

        string Qdiscs() => cluster.A.Run("sh", "-c",
            "tc qdisc show | sed 's/ root refcnt [0-9]*//; s/qdisc tbf [0-9a-f]*: /tbf /'").EnsureSuccess().Output;
    }

    [Fact]
    public void A_second_network_of_multus_has_a_bridge_and_range_of_its_own_and_leaves_the_first_alone()
    {
        JsonObject first = PluginRuntime.Conflist(Runtime.Overlay());
        JsonObject storage = Runtime.Overlay();
        (storage["bridge"], storage["isDefaultGateway"], storage["mtu"]) = ("br-storage", false, 9000);
        storage["ipam"]!["ranges"] = new JsonArray(
            new JsonArray(new JsonObject { ["subnet"] = "10.77.0.0/24", ["rangeStart"] = "10.77.0.100" }));
        storage["ipam"]!["routes"] = new JsonArray(new JsonObject { ["dst"] = "10.78.0.0/16" });
        storage["args"] = new JsonObject { ["cni"] = new JsonObject { ["ips"] = new JsonArray("10.77.0.120") } };

        // Multus calls a delegate by itself with the version of the attachment's definition.
        JsonObject second = PluginRuntime.Conflist(storage);
        (second["cniVersion"], second["name"]) = ("0.3.1", "storage");
        NetworkNamespace pod = cluster.A.AddSandbox();
        string[] before = State();
        JsonObject result = Runtime.Add(first, pod);
        JsonObject attached = Runtime.Add(second, pod, "net1");
        attached["routes"]!.AsArray().ShouldHaveSingleItem()!["dst"]!.GetValue<string>().ShouldBe("10.78.0.0/16");
        Runtime.Held("storage").ShouldHaveSingleItem().Key.ShouldBe("10.77.0.120");
        string routes = pod.Run("ip", "route").EnsureSuccess().Output;
        routes.ShouldContain("default via 10.244.1.1 dev eth0");
        routes.ShouldContain("10.78.0.0/16 via 10.77.0.1 dev net1");
        foreach (IPAddress target in cluster.Remote.Addresses) pod.WaitForPing(target);
        foreach (IPAddress target in PluginRuntime.AddressesIn(result)) cluster.Remote.WaitForPing(target);
        pod.Ping(IPAddress.Parse("10.77.0.1")).EnsureSuccess();

        // One network's going is not the other's.
        Runtime.Delete(second, pod, "net1");
        Runtime.Held("storage").ShouldBeEmpty();
        cluster.Remote.Ping(PluginRuntime.AddressesIn(result)[0]).EnsureSuccess();
        Runtime.Check(first, pod);
        Runtime.Delete(first, pod);
        State().Except(["br-storage"]).ShouldBe(before.Except(["br-storage"]));
    }

    // Of the node and on its disk: interfaces, addresses given, records, and rules that speak of a pod.
    private string[] State() =>
    [
        .. cluster.A.Run("ls", "/sys/class/net").EnsureSuccess().Output.Split('\n').Except(["cni0"]),
        .. Runtime.Held().Keys,
        .. Runtime.RecordFiles,
        .. cluster.A.Run("sh", "-c", "iptables-save; ip6tables-save").EnsureSuccess().Output.Split('\n')
            .Where(static line => line.StartsWith("-A", StringComparison.Ordinal) && (line.Contains(
                "CNI-DN", StringComparison.Ordinal) || line.Contains("10.244.1.", StringComparison.Ordinal))),
    ];

    private static string HostInterfaceIn(JsonObject result) => result["interfaces"]!.AsArray()
        .Select(static there => there!["name"]!.GetValue<string>())
        .Single(static name => name.StartsWith("ov", StringComparison.Ordinal));

    private static void Accept(NetworkNamespace pod, IPAddress address, Func<Socket> connect)
    {
        using Socket listener = pod.Invoke(() =>
        {
            Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, RuntimeNode.Port));
            socket.Listen();
            return socket;
        });
        using Socket client = connect();
        using Socket server = listener.Accept();
        _ = client.Send("one"u8);
        byte[] buffer = new byte[8];
        server.Receive(buffer).ShouldBe(3);
    }

    private static Socket Connect(NetworkNamespace from, IPAddress target, int port)
    {
        Socket socket = from.Invoke(() => new Socket(SocketType.Stream, ProtocolType.Tcp));
        socket.Connect(target, port);
        return socket;
    }
}
