using System.Text.Json.Nodes;
using Overlay.EndToEnd.Tests.Runtimes;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Migration;

/// <summary>
/// Pods as flannel's plugin makes them: it has the reference plugins bridge and host-local do the work, with a
/// configuration that it makes of subnet.env and keeps for DEL in a file a container.
/// </summary>
/// <param name="runtime">Of the node.</param>
internal sealed class FlannelPlugins(PluginRuntime runtime)
{
    private Node Node => runtime.Node;

    /// <summary>Makes a pod.</summary>
    public JsonObject Add(NetworkNamespace sandbox)
    {
        JsonObject plugin = Delegate();
        (plugin["cniVersion"], plugin["name"]) = ("1.0.0", PluginRuntime.Network);
        _ = Directory.CreateDirectory(runtime.FlannelFiles);
        File.WriteAllText(PathOf(sandbox), plugin.ToJsonString());
        return runtime.Add(PluginRuntime.Conflist(plugin), sandbox);
    }

    /// <summary>
    /// Removes a pod as its file says; of one without a file it knows nothing, and calls that a success.
    /// </summary>
    public void Delete(NetworkNamespace sandbox)
    {
        if (!File.Exists(PathOf(sandbox))) return;
        JsonObject plugin = JsonNode.Parse(File.ReadAllText(PathOf(sandbox)))!.AsObject();
        File.Delete(PathOf(sandbox));
        JsonObject conflist = PluginRuntime.Conflist(plugin);
        foreach (string key in new[] { "cniVersion", "name" }) conflist[key] = plugin[key]!.DeepClone();
        runtime.Delete(conflist, sandbox);
    }

    // The keys and their order are those of flannel's plugin with "hairpinMode" and "isDefaultGateway", as its manifest
    // has them.
    private JsonObject Delegate()
    {
        System.Net.IPNetwork[] subnets = [.. new[] { Node.PodCidrV4, Node.PodCidrV6 }.OfType<System.Net.IPNetwork>()];
        System.Net.IPNetwork[] networks = [LabAddresses.ClusterV4, LabAddresses.ClusterV6];
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
                ["ranges"] = new JsonArray(
                    [.. subnets.Select(static subnet => new JsonArray(new JsonObject { ["subnet"] = $"{subnet}" }))]),
                ["routes"] =
                    new JsonArray([.. networks.Select(static network => new JsonObject { ["dst"] = $"{network}" })]),
            },
        };
    }

    private string PathOf(NetworkNamespace sandbox) =>
        Path.Combine(runtime.FlannelFiles, PluginRuntime.ContainerOf(sandbox));
}
