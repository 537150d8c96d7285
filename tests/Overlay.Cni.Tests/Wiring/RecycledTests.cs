using Overlay.Cni.Protocol;

namespace Overlay.Cni.Tests;

/// <summary>Runtimes' calls of the executable where the node is not as it was at ADD.</summary>
public sealed class RecycledTests : IDisposable
{
    private const string Ipam = """{"type":"other"}""";

    private readonly WiredNode _node = new();

    public void Dispose() => _node.Dispose();

    [Fact]
    public void DEL_with_a_namespace_that_is_another_pods_by_now_frees_its_own_address_alone()
    {
        string configuration = _node.Configuration();
        _node.Add(configuration);
        _node.Lab.Host.Ip($"link delete {HostInterface.NameOf("net", "c1", "eth0")}");
        _node.Add(configuration, 2);
        _node.Call("DEL", configuration, 1, path: BridgeLab.PathOf(_node.Lab.Pod(2))).ShouldBe((0, ""));
        BridgeLab.Ip(_node.Lab.Pod(2), "address show eth0").ShouldContain("10.244.0.3/16");
        _node.Directory.Allocations("net").Values.Distinct().ShouldBe(["c2\r\neth0"]);
        _node.Directory.RecordFiles().ShouldBe(["net:c2:eth0.json"]);
    }

    [Fact]
    public void DEL_with_addresses_of_another_IPAM_plugin_goes_by_the_result_of_ADD()
    {
        // A pair that another plugin has made, as on a node that comes from it.
        _node.Lab.Pod(1).Ip("link add eth0 type veth peer name there", "address add 10.9.0.7/24 dev eth0");
        _node.Directory.AddPlugin("other", "true");
        Delete("10.9.0.8");
        BridgeLab.Ip(_node.Lab.Pod(1), "link").ShouldContain("eth0");
        Delete("10.9.0.7");
        BridgeLab.Ip(_node.Lab.Pod(1), "link").ShouldNotContain("eth0");

        void Delete(string address)
        {
            string configuration = $$"""{ {{_node.Directory.Keys}}"cniVersion":"1.1.0","name":"net","type":"overlay","ipam":{{Ipam}},"prevResult":{"interfaces":null,"ips":[{"address":"{{address}}/24"}],"routes":null,"dns":null} }""";
            _node.Call("DEL", configuration, plugins: _node.Directory.Path).ShouldBe((0, ""));
        }
    }

    [Fact]
    public void The_bridge_follows_the_nodes_pod_CIDR()
    {
        string configuration = $$"""{ {{_node.Directory.Keys}}"cniVersion":"1.1.0","name":"net","type":"overlay","ipam":{"dataDir":"{{_node.Directory.Path}}"} }""";
        _node.Add(configuration);
        _node.Call("DEL", configuration).ShouldBe((0, ""));
        Reassign("10.244.1.1/24", "10.244.9.1/24");
        WiredNode.Addresses(_node.Add(configuration)).First().ShouldBe("10.244.9.2");
        BridgeLab.Ip(_node.Lab.Host, "-4 -o address show cni0").ShouldNotContain("10.244.1.1/24");

        // With a pod that has its address from before, which keeps its gateway until it goes.
        Reassign("10.244.9.1/24", "10.244.12.1/24");
        _node.Add(configuration, 2);
        BridgeLab.Ip(_node.Lab.Host, "-4 -o address show cni0").ShouldContain("10.244.9.1/24");
        _node.Lab.Pod(1).Ping(System.Net.IPAddress.Parse("10.244.12.2"), 1).Succeeded.ShouldBeTrue();
        _node.Call("DEL", configuration).ShouldBe((0, ""));
        _node.Add(configuration, 3);
        BridgeLab.Ip(_node.Lab.Host, "-4 -o address show cni0").ShouldNotContain("10.244.9.1/24");
    }

    private void Reassign(string before, string now) => File.WriteAllText(
        _node.Directory.SubnetFile,
        File.ReadAllText(_node.Directory.SubnetFile).Replace(before, now, StringComparison.Ordinal));
}
