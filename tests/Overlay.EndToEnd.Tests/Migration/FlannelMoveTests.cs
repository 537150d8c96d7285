using System.Net;
using System.Text.Json.Nodes;
using Overlay.EndToEnd.Tests.Fixtures;
using Overlay.EndToEnd.Tests.Runtimes;
using Overlay.EndToEnd.Tests.Shipping;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Migration;

/// <summary>A cluster leaves flannel node by node while its pods run, and one node goes back.</summary>
public class FlannelMoveTests
{
    [Fact]
    public void Pods_keep_addresses_and_connections_while_their_nodes_leave_flannel_and_come_back()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "move", PodsPerNode = 0 });
        using FlannelStore store = new(lab);
        (Node a, Node b) = (lab["a"], lab["b"]);
        foreach (Node node in lab.Nodes) store.Configure(node);
        PluginRuntime runtime = new(a, PublishedPrograms.Directory);
        FlannelPlugins flannel = new(runtime);
        FlannelPlugins there = new(new PluginRuntime(b, PublishedPrograms.Directory));

        // Both nodes as flannel has them.
        KernelVxlan atA = a.UseKernelVxlan(lab.Nodes);
        KernelVxlan atB = b.UseKernelVxlan(lab.Nodes);
        foreach (KernelVxlan kernel in new[] { atA, atB }) store.Put(kernel.Lease);
        (NetworkNamespace one, NetworkNamespace two, NetworkNamespace remote) =
            (a.AddSandbox(), a.AddSandbox(), b.AddSandbox());
        JsonObject made = flannel.Add(one);
        IReadOnlyList<IPAddress> local = PluginRuntime.AddressesIn(flannel.Add(two));
        IReadOnlyList<IPAddress> far = PluginRuntime.AddressesIn(there.Add(remote));
        string bridgeMac = MacOf(a, "cni0");
        string addresses = AddressesOf(one);
        one.WaitForPing(far[0]);
        one.WaitForPing(far[1]);
        OpenConnection[] connections =
        [
            .. far.Select(target => new OpenConnection(one, remote, target)),
            .. PluginRuntime.AddressesIn(made).Select(target => new OpenConnection(remote, one, target)),
            .. local.Select(target => new OpenConnection(one, two, target)),
        ];
        try
        {
            CheckConnections();

            // Node a leaves flannel, whose daemon at b reads the new lease.
            DaemonProcess daemon = a.StartDaemon();
            daemon.WaitReady();
            Cluster.WaitForPeers(a, 1);
            atB.AddPeer(store.Read(a));
            CheckConnections();
            CheckNode(a, "icmp");

            JsonObject overlay = PluginRuntime.Conflist(runtime.Overlay());
            NetworkNamespace third = a.AddSandbox();
            JsonObject added = runtime.Add(overlay, third);
            CheckNew(added, third);
            runtime.Check(overlay, third);

            // As CRI-O asks of pods that were there before: with flannel's result.
            runtime.Check(overlay, one);

            // Node b too.
            DaemonProcess other = b.StartDaemon();
            other.WaitReady();
            Cluster.WaitForPeers(b, 1);
            CheckConnections();
            CheckNode(a, "overlay");
            CheckNode(b, "overlay");
            foreach (IPAddress target in PluginRuntime.AddressesIn(added)) remote.WaitForPing(target);

            // A pod of flannel's goes through our plugin, with its address and the veth that another named.
            int ports = PortsOf(a);
            runtime.Held().Values.ShouldContain(PluginRuntime.ContainerOf(two));
            foreach (OpenConnection connection in connections[4..]) connection.Dispose();
            connections = connections[..4];
            runtime.Delete(overlay, two);
            runtime.Held().Values.ShouldNotContain(PluginRuntime.ContainerOf(two));
            FilesOfFlannel().ShouldBe(new[] { one, third }.Select(PluginRuntime.ContainerOf));
            PortsOf(a).ShouldBe(ports - 1);

            // Node a goes back; its pods of ours are flannel's plugins' to remove.
            daemon.Stop().ShouldBe(0);
            KernelVxlan again = a.UseKernelVxlan();
            again.AddPeer(store.Read(b));
            store.Put(again.Lease);
            CheckConnections();
            CheckNode(b, "icmp");
            flannel.Delete(third);
            FilesOfFlannel().ShouldBe([PluginRuntime.ContainerOf(one)]);
            runtime.Held().Values.ShouldNotContain(PluginRuntime.ContainerOf(third));
            PortsOf(a).ShouldBe(ports - 2);
            NetworkNamespace fourth = a.AddSandbox();
            CheckNew(flannel.Add(fourth), fourth);

            void CheckNew(JsonObject result, NetworkNamespace sandbox)
            {
                IReadOnlyList<IPAddress> fresh = PluginRuntime.AddressesIn(result);
                fresh.Count.ShouldBe(2);
                foreach (IPAddress address in fresh)
                    runtime.Held()[$"{address}"].ShouldBe(PluginRuntime.ContainerOf(sandbox));
                foreach (IPAddress target in far.Concat(PluginRuntime.AddressesIn(made))) sandbox.WaitForPing(target);
                runtime.Held().Values.GroupBy(static id => id).ShouldAllBe(static pod => pod.Count() == 2);
            }
        }
        finally
        {
            foreach (OpenConnection connection in connections) connection.Dispose();
        }

        // As docs/migration.md has each step looked at.
        static void CheckNode(Node node, string answers)
        {
            Cluster.Report(node, "status").GetProperty("state").GetString().ShouldBe("forwarding");
            Cluster.Texts(node, "problems").ShouldBeEmpty();
            CommandResult ping = node.Overlayctl("ping", "--all", "--json");
            ping.ExitCode.ShouldBe(answers == "overlay" ? 0 : 1, $"{ping}");
            JsonNode.Parse(ping.Output)!["peers"]!.AsArray()
                .Select(static row => $"{row!["family"]} {row["kind"]} {row["loss"]}")
                .ShouldBe([$"IPv4 {answers} 0", $"IPv6 {answers} 0"], ignoreOrder: true);
        }

        string[] FilesOfFlannel() =>
            [.. Directory.GetFiles(runtime.FlannelFiles).Select(static path => Path.GetFileName(path)).Order()];

        void CheckConnections()
        {
            foreach (OpenConnection connection in connections) connection.Exchange();
            AddressesOf(one).ShouldBe(addresses);
            MacOf(a, "cni0").ShouldBe(bridgeMac);
        }
    }

    [Fact]
    public void Plain_routes_that_flannel_left_are_taken_over_and_gone_after_the_stop()
    {
        using LabNetwork lab = LabNetwork.Create(new LabOptions { Name = "plainleft" });
        using FlannelStore store = new(lab);
        (Node a, Node b) = (lab["a"], lab["b"]);
        foreach (Node node in lab.Nodes) store.Configure(node, directRouting: true);

        // As flannel's DirectRouting sets them; one of them is of somebody else's.
        a.Ip("route add 10.244.2.0/24 via 192.168.77.2", "route add 10.244.77.0/24 via 192.168.77.254");
        a.Run("ip", "-6", "route", "add", "fd00:10:244:2::/64", "via", "fd77::2").EnsureSuccess();
        foreach (Node node in lab.Nodes) store.Put(KernelVxlan.LeaseOf(node));
        DaemonProcess[] daemons = [a.StartDaemon(), b.StartDaemon()];
        foreach (DaemonProcess daemon in daemons) daemon.WaitReady();
        Waiting.For(() => RoutesOf("10.244.2.0/24 via 192.168.77.2 dev eth0 proto 79") && RoutesOf(
            "fd00:10:244:2::/64 via fd77::2 dev eth0 proto 79"), 20);
        foreach (IPAddress address in b.Pods[0].Addresses) a.Pods[0].WaitForPing(address);
        Waiting.For(() => WarnedOf("10.244.77.0/24") && !WarnedOf("10.244.2.0/24"), 20);

        daemons[0].Stop().ShouldBe(0);
        RoutesOf("10.244.2.0/24").ShouldBeFalse();
        RoutesOf("fd00:10:244:2::/64").ShouldBeFalse();
        RoutesOf("10.244.77.0/24 via 192.168.77.254").ShouldBeTrue();

        bool WarnedOf(string text) => Cluster.Texts(a, "warnings")
            .Any(warning => warning.Contains(text, StringComparison.Ordinal));

        bool RoutesOf(string text) => new[] { "-4", "-6" }.Any(family =>
            a.Run("ip", family, "route").EnsureSuccess().Output.Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public void A_bridge_with_another_networks_address_is_named_with_both_and_nothing_is_half_made()
    {
        using LabNetwork lab = LabNetwork.Create(
            new LabOptions { Name = "foreign", Nodes = 1, PodsPerNode = 0, Inner = AddressFamilies.V4 });
        Node node = lab["a"];
        PluginRuntime runtime = new(node, PublishedPrograms.Directory);
        JsonObject bridge = new()
        {
            ["type"] = "bridge",
            ["bridge"] = "cni0",
            ["isGateway"] = true,
            ["ipam"] = new JsonObject
            {
                ["type"] = "host-local",
                ["dataDir"] = runtime.Allocations,
                ["subnet"] = "10.88.0.0/16",
            },
        };
        JsonObject other = PluginRuntime.Conflist(bridge);
        other["name"] = "podman";
        NetworkNamespace theirs = node.AddSandbox();
        _ = runtime.Add(other, theirs);
        File.WriteAllText(node.SubnetFile,
            "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n");

        string links = Links();
        NetworkNamespace ours = node.AddSandbox();
        string message = runtime.Refusal("ADD", PluginRuntime.Conflist(runtime.Overlay()), ours);
        message.ShouldContain("cni0 has the address 10.88.0.1/16");
        message.ShouldContain("10.244.1.1/24");
        message.ShouldContain("\"forceAddress\": true");
        Links().ShouldBe(links);
        runtime.Held().ShouldBeEmpty();
        runtime.RecordFiles.ShouldBeEmpty();
        runtime.Held("podman").Count.ShouldBe(1);

        // Told to, it takes the bridge.
        JsonObject plugin = runtime.Overlay();
        plugin["forceAddress"] = true;
        _ = runtime.Add(PluginRuntime.Conflist(plugin), ours);
        ours.Ping(IPAddress.Parse("10.244.1.1")).EnsureSuccess();

        string Links() => node.Run("ip", "-brief", "address").EnsureSuccess().Output;
    }

    private static string MacOf(Node node, string device) =>
        node.Run("cat", $"/sys/class/net/{device}/address").EnsureSuccess().Output;

    private static string AddressesOf(NetworkNamespace pod) =>
        pod.Run("ip", "-brief", "address", "show", "dev", "eth0").EnsureSuccess().Output;

    private static int PortsOf(Node node) => node.Run("ls", "/sys/class/net/cni0/brif")
        .EnsureSuccess().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
}
