using System.Text.Json.Nodes;
using Overlay.EndToEnd.Tests.Shipping;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Runtimes;

/// <summary>Pods that go without a DEL, as when a runtime has lost its state.</summary>
public class LeakedAddressTests
{
    [Fact]
    public void A_daemon_that_starts_frees_what_pods_have_left_and_nothing_that_is_in_use_or_anothers()
    {
        using LabNetwork lab = LabNetwork.Create(
            new LabOptions { Name = "leaked", Nodes = 1, PodsPerNode = 0, Inner = AddressFamilies.V4 });
        Node node = lab["a"];
        PluginRuntime runtime = new(node, PublishedPrograms.Directory);
        File.WriteAllText(node.SubnetFile,
            "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n");
        JsonObject ours = PluginRuntime.Conflist(runtime.Overlay());
        JsonObject storage = PluginRuntime.Conflist(Storage(runtime));
        storage["name"] = "storage";
        JsonObject flannels = PluginRuntime.Conflist(new JsonObject
        {
            ["type"] = "bridge",
            ["bridge"] = "cni0",
            ["isGateway"] = true,
            ["ipam"] = new JsonObject
            {
                ["type"] = "host-local",
                ["dataDir"] = runtime.Allocations,
                ["subnet"] = $"{node.PodCidrV4}",
            },
        });

        NetworkNamespace gone = node.AddSandbox();
        NetworkNamespace young = node.AddSandbox();
        NetworkNamespace running = node.AddSandbox();
        NetworkNamespace flannelsGone = node.AddSandbox();
        foreach (NetworkNamespace pod in new[] { gone, young, running }) _ = runtime.Add(ours, pod);
        foreach (NetworkNamespace pod in new[] { gone, running }) _ = runtime.Add(storage, pod, "net1");
        _ = runtime.Add(flannels, flannelsGone);
        foreach (NetworkNamespace pod in new[] { gone, running }) Age(runtime, pod);
        foreach (NetworkNamespace pod in new[] { gone, young, flannelsGone }) node.RemoveSandbox(pod);
        Waiting.For(() => node.Run("ls", "/sys/class/net/cni0/brif").Output.Split(
            '\n', StringSplitOptions.RemoveEmptyEntries).Length == 1, 20);

        DaemonProcess daemon = node.StartDaemon();
        daemon.WaitReady();
        daemon.WaitForLog($"eth0 of container {PluginRuntime.ContainerOf(gone)} is gone");
        daemon.WaitForLog($"net1 of container {PluginRuntime.ContainerOf(gone)} is gone");
        Waiting.For(() => runtime.RecordFiles.Count == 3, 20);
        runtime.Held().Values.Order()
            .ShouldBe(new[] { young, running, flannelsGone }.Select(PluginRuntime.ContainerOf).Order());
        runtime.Held("storage").Values.ShouldBe([PluginRuntime.ContainerOf(running)]);
        runtime.Check(ours, running);
    }

    private static JsonObject Storage(PluginRuntime runtime)
    {
        JsonObject plugin = runtime.Overlay();
        (plugin["bridge"], plugin["isDefaultGateway"]) = ("br-storage", false);
        plugin["ipam"]!["ranges"] = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = "10.77.0.0/24" }));
        return plugin;
    }

    // Younger ones may still be on their way.
    private static void Age(PluginRuntime runtime, NetworkNamespace pod)
    {
        string[] paths = Directory.GetFiles(runtime.Records, $"*:{PluginRuntime.ContainerOf(pod)}:*");
        paths.Length.ShouldBe(2);
        foreach (string path in paths)
        {
            JsonNode record = JsonNode.Parse(File.ReadAllText(path))!;
            record["time"] = DateTimeOffset.UtcNow.AddHours(-1);
            File.WriteAllText(path, record.ToJsonString());
        }
    }
}
