using System.Text.Json.Nodes;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Runtimes;

/// <summary>
/// Calls plugins on a node as the runtimes' library does: one after the other, each with what the one before has made;
/// the last result is kept for CHECK and for DEL, which goes backwards. Allocations and records lie in the node's
/// folder.
/// </summary>
internal sealed class PluginRuntime
{
    public const string Network = "cbr0";

    private const string ReferencePlugins = "/usr/lib/cni";

    private readonly string _plugins;
    private readonly Dictionary<string, JsonObject> _results = [];

    /// <param name="node">Its bridge goes: plugins make it, and count on what a host gives to new devices.</param>
    /// <param name="plugins">Where our own plugin is.</param>
    public PluginRuntime(Node node, string plugins)
    {
        Node = node;
        _plugins = plugins;
        node.Ip("link delete cni0");
        foreach (string family in new[] { "ipv4", "ipv6" }) node.Set($"net/{family}/conf/default/forwarding", "1");
    }

    public Node Node { get; }

    /// <summary>Of all networks' allocations, as host-local's dataDir.</summary>
    public string Allocations => Path.Combine(Node.Directory, "networks");

    public string Records => Node.CniRecords;

    /// <summary>The files of all records.</summary>
    public IReadOnlyList<string> RecordFiles =>
        Directory.Exists(Records) ? Directory.GetFiles(Records, "*.json") : [];

    /// <summary>flannel's dataDir, a file a container. It is where flannel's plugin has been.</summary>
    public string FlannelFiles => Path.Combine(Node.Directory, "flannel");

    /// <summary>A configuration of our own plugin, as the daemon writes it, for this node's folder.</summary>
    public JsonObject Overlay(string? subnetFile = null) => new()
    {
        ["type"] = "overlay",
        ["subnetFile"] = subnetFile ?? Node.SubnetFile,
        ["stateDirectory"] = Records,
        ["adminSocket"] = Node.Socket,
        ["dataDir"] = FlannelFiles,
        ["ipam"] = new JsonObject { ["type"] = "host-local", ["dataDir"] = Allocations },
    };

    public static JsonObject Conflist(params JsonObject[] chain) => new()
    {
        ["cniVersion"] = "1.0.0",
        ["name"] = Network,
        ["plugins"] = new JsonArray([.. chain]),
    };

    /// <summary>Makes a pod of an empty namespace.</summary>
    /// <returns>The last plugin's result.</returns>
    public JsonObject Add(
        JsonObject conflist, NetworkNamespace sandbox, string interfaceName = "eth0", JsonObject? capabilities = null)
    {
        JsonObject? previous = null;
        foreach (JsonObject plugin in Chain(conflist))
            previous =
                Parse(Call("ADD", conflist, plugin, sandbox, interfaceName, capabilities, previous).EnsureSuccess());
        return _results[Key(conflist, sandbox, interfaceName)] = previous!;
    }

    public void Check(
        JsonObject conflist, NetworkNamespace sandbox, string interfaceName = "eth0", JsonObject? capabilities = null)
    {
        foreach (JsonObject plugin in Chain(conflist))
            _ = Call("CHECK", conflist, plugin, sandbox, interfaceName, capabilities, Kept(
                conflist, sandbox, interfaceName)).EnsureSuccess();
    }

    public void Delete(
        JsonObject conflist, NetworkNamespace sandbox, string interfaceName = "eth0", JsonObject? capabilities = null)
    {
        foreach (JsonObject plugin in Chain(conflist).Reverse())
            _ = Call("DEL", conflist, plugin, sandbox, interfaceName, capabilities, Kept(
                conflist, sandbox, interfaceName)).EnsureSuccess();
    }

    /// <summary>What one plugin answers that has to fail.</summary>
    public string Refusal(string command, JsonObject conflist, NetworkNamespace sandbox)
    {
        CommandResult result = Call(command, conflist, Chain(conflist)[0], sandbox, "eth0", null, null);
        result.Succeeded.ShouldBeFalse(result.Output);
        return Parse(result)["msg"]!.GetValue<string>();
    }

    /// <summary>The addresses that a network has given, each with the container that has it.</summary>
    public IReadOnlyDictionary<string, string> Held(string network = Network)
    {
        string directory = Path.Combine(Allocations, network);
        return !Directory.Exists(directory) ? new Dictionary<string, string>() : Directory.GetFiles(directory)
            .Where(static path => System.Net.IPAddress.TryParse(Path.GetFileName(path), out _))
            .ToDictionary(static path => Path.GetFileName(path), static path => File.ReadLines(path).First().Trim());
    }

    /// <summary>The id of the container that a namespace stands for.</summary>
    public static string ContainerOf(NetworkNamespace sandbox) => sandbox.Namespace;

    public static IReadOnlyList<System.Net.IPAddress> AddressesIn(JsonObject result) =>
        [.. result["ips"]!.AsArray()
            .Select(static ip => System.Net.IPAddress.Parse(ip!["address"]!.GetValue<string>().Split('/')[0]))];

    private CommandResult Call(
        string command, JsonObject conflist, JsonObject plugin, NetworkNamespace sandbox, string interfaceName,
        JsonObject? capabilities, JsonObject? previous)
    {
        JsonObject configuration = plugin.DeepClone().AsObject();
        configuration["name"] = conflist["name"]!.DeepClone();
        configuration["cniVersion"] = conflist["cniVersion"]!.DeepClone();
        if (previous is not null) configuration["prevResult"] = previous.DeepClone();
        JsonObject wanted = [];
        foreach ((string capability, JsonNode? value) in capabilities ?? [])
        {
            if (plugin["capabilities"]?[capability]?.GetValue<bool>() == true) wanted[capability] = value!.DeepClone();
        }

        if (wanted.Count > 0) configuration["runtimeConfig"] = wanted;
        string input = Path.Combine(Node.Directory, "stdin.json");
        File.WriteAllText(input, configuration.ToJsonString());
        string type = plugin["type"]!.GetValue<string>();
        string program = Path.Combine(type == "overlay" ? _plugins : ReferencePlugins, type);
        return Node.Run(
            "env", $"CNI_COMMAND={command}", $"CNI_CONTAINERID={ContainerOf(sandbox)}",
            $"CNI_NETNS=/var/run/netns/{sandbox.Namespace}", $"CNI_IFNAME={interfaceName}",
            $"CNI_PATH={_plugins}:{ReferencePlugins}", "sh", "-c", "exec \"$0\" <\"$1\"", program, input);
    }

    private JsonObject? Kept(JsonObject conflist, NetworkNamespace sandbox, string interfaceName) =>
        _results.GetValueOrDefault(Key(conflist, sandbox, interfaceName));

    private static string Key(JsonObject conflist, NetworkNamespace sandbox, string interfaceName) =>
        $"{conflist["name"]} {ContainerOf(sandbox)} {interfaceName}";

    private static JsonObject[] Chain(JsonObject conflist) =>
        [.. conflist["plugins"]!.AsArray().Select(static plugin => plugin!.AsObject())];

    private static JsonObject Parse(CommandResult result) => JsonNode.Parse(result.Output)!.AsObject();
}
