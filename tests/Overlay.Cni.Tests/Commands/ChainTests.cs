using System.Net.Sockets;
using System.Text.Json.Nodes;
using Overlay.Lab.Processes;
using Overlay.Testing;

namespace Overlay.Cni.Tests;

/// <summary>The configuration that <c>overlayd install-cni</c> writes, called by a runtime of today.</summary>
public sealed class ChainTests : IDisposable
{
    private readonly WiredNode _node = new();

    public ChainTests() => _node.Guard(() => File.WriteAllText(_node.Directory.SubnetFile, """
        FLANNEL_NETWORK=10.244.0.0/16
        FLANNEL_SUBNET=10.244.1.1/24
        FLANNEL_MTU=1450
        FLANNEL_IPMASQ=true
        """));

    private string Bin => Path.Combine(_node.Directory.Path, "bin");

    public void Dispose() => _node.Dispose();

    [Fact]
    public void With_Debians_portmap_pods_start_and_go_and_the_node_is_ready()
    {
        _ = Directory.CreateDirectory(Bin);
        _ = File.CreateSymbolicLink(Path.Combine(Bin, "portmap"), $"{ChainRuntime.ReferencePlugins}/portmap");
        ChainRuntime runtime = Install();
        runtime.Version.ShouldBe("1.0.0");
        runtime.Status().ShouldBe(0, "STATUS came with 1.1.0");
        Addresses(runtime.Add(1, 8080)).ShouldBe(["10.244.1.2/24"]);
        _ = runtime.Add(2, 8081);
        Rules().ShouldContain("10.244.1.2:80");
        runtime.Delete(1, 8080);
        Rules().ShouldNotContain("10.244.1.2:80");
        runtime.Delete(2, 8081);
        Left().ShouldBeEmpty();
    }

    [Fact]
    public void Alone_the_plugin_is_asked_by_the_newest_version_for_status_check_and_garbage()
    {
        ChainRuntime runtime = Install();
        runtime.Version.ShouldBe("1.1.0");
        using StandinDaemon daemon = _node.Directory.Listen();
        runtime.Status().ShouldBe(1);
        _ = runtime.Add(1, 8080);
        _ = runtime.Add(2, 8081);
        runtime.Check(1, 8080);

        // A runtime that has lost a pod, and one that has lost all.
        ChainRuntime later = Install();
        _ = later.Add(3, 8082);
        later.Collect().ShouldBe(1);
        _node.Directory.Allocations("cbr0").Values.ShouldBe(["c3\r\neth0"]);
        later.Check(3, 8082);
        Install().Collect().ShouldBe(1);
        Left().ShouldBeEmpty();
    }

    private ChainRuntime Install()
    {
        string directory = Path.Combine(_node.Directory.Path, "net.d");
        string options = Path.Combine(_node.Directory.Path, "overlay.json");
        File.WriteAllText(options, "{}");
        _node.Lab.Host.Run(
            ProductBinary.Find("overlayd"), "install-cni", "--config", options,
            "--SubnetFile", _node.Directory.SubnetFile, "--Admin:Socket", _node.Directory.Socket,
            "--CniInstall:Source", Plugin.Path, "--CniInstall:BinDirectory", Bin, "--CniInstall:ConfigDirectory",
            directory, "--CniInstall:StateDirectory", _node.Directory.Records).EnsureSuccess();

        // The rest of what would lie in the host's own directories.
        string path = Path.Combine(directory, "10-overlay.conflist");
        JsonObject conflist = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        JsonObject plugin = conflist["plugins"]![0]!.AsObject();
        plugin["dataDir"] = Path.Combine(_node.Directory.Path, "flannel");
        plugin["ipam"] = new JsonObject { ["type"] = "host-local", ["dataDir"] = _node.Directory.Path };
        string own = Path.Combine(_node.Directory.Path, "own.conflist");
        File.WriteAllText(own, conflist.ToJsonString());
        return new(_node, own);
    }

    private IReadOnlyList<string> Left() => _node.Left("cbr0");

    private string Rules() =>
        _node.Lab.Host.Run("iptables-save", "-t", "nat").EnsureSuccess().Output;

    private static IEnumerable<string> Addresses(JsonObject result) =>
        result["ips"]!.AsArray().Select(static ip => ip!["address"]!.GetValue<string>());
}
