using System.Text.Json.Nodes;
using Overlay.EndToEnd.Tests.Runtimes;
using Overlay.Lab;

namespace Overlay.EndToEnd.Tests.Migration;

/// <summary>
/// Pods as flannel's plugin makes them: it has the reference plugins bridge and host-local do the work, with a configuration that it
/// makes of subnet.env and keeps for DEL in a file a container.
/// </summary>
/// <param name="runtime">Of the node.</param>
internal sealed class FlannelPlugins(PluginRuntime runtime)
{
    private Node Node => runtime.Node;

    /// <summary>flannel's dataDir.</summary>
    private string Kept => Path.Combine(Node.Directory, "flannel");

    /// <summary>Makes a pod.</summary>
    public JsonObject Add(NetworkNamespace sandbox)
    {
        JsonObject conflist = PluginRuntime.Conflist(Delegate());
        _ = Directory.CreateDirectory(Kept);
        File.WriteAllText(PathOf(sandbox), conflist.ToJsonString());
        return runtime.Add(conflist, sandbox);
    }

    /// <summary>Removes a pod by what the node's bridge and host-local know of it.</summary>
    public void Delete(NetworkNamespace sandbox)
    {
        runtime.Delete(PluginRuntime.Conflist(Delegate()), sandbox);
        File.Delete(PathOf(sandbox));
    }

    // The keys and their order are those of flannel's plugin with "hairpinMode" and "isDefaultGateway", as its manifest has them.
    private JsonObject Delegate()
    {
        System.Net.IPNetwork[] subnets = [.. new[] { Node.PodCidrV4, Node.PodCidrV6 }.OfType<System.Net.IPNetwork>()];
        System.Net.IPNetwork[] networks = [AddressPlan.ClusterV4, AddressPlan.ClusterV6];
        return new()
        {
            ["type"] = "bridge",
            ["hairpinMode"] = true,
            ["isDefaultGateway"] = true,
            ["ipMasq"] = false,
            ["isGateway"] = true,
            ["mtu"] = Node.Options.EffectivePodMtu,
            ["ipam"] = new JsonObject
            {
                ["type"] = "host-local",
                ["dataDir"] = runtime.Allocations,
                ["ranges"] = new JsonArray([.. subnets.Select(static subnet => new JsonArray(new JsonObject { ["subnet"] = $"{subnet}" }))]),
                ["routes"] = new JsonArray([.. networks.Select(static network => new JsonObject { ["dst"] = $"{network}" })]),
            },
        };
    }

    private string PathOf(NetworkNamespace sandbox) => Path.Combine(Kept, PluginRuntime.ContainerOf(sandbox));
}
