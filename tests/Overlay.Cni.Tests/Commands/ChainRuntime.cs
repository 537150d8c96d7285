using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Overlay.Cni.Tests;

/// <summary>
/// A runtime that goes by a configuration as libcni 1.2 and later do: every plugin is called with the highest version
/// of the list, STATUS and GC as well where that version has them, and the last result is kept for CHECK and DEL.
/// </summary>
/// <param name="node">The node and its pods.</param>
/// <param name="configuration">A file that lists plugins; all but ours are Debian's.</param>
internal sealed class ChainRuntime(WiredNode node, string configuration)
{
    public const string ReferencePlugins = "/usr/lib/cni";

    private static readonly string[] _known = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

    private readonly JsonObject _configuration = JsonNode.Parse(File.ReadAllText(configuration))!.AsObject();
    private readonly Dictionary<int, JsonObject> _results = [];

    /// <summary>The version that every plugin is called with.</summary>
    public string Version => _known.Last(Offered.Contains);

    private string[] Offered => _configuration["cniVersions"] is JsonArray versions
        ? [.. versions.Select(static version => version!.GetValue<string>())]
        : [_configuration["cniVersion"]!.GetValue<string>()];

    private JsonObject[] Chain =>
        [.. _configuration["plugins"]!.AsArray().Select(static plugin => plugin!.AsObject())];

    /// <summary>Makes a pod, with a published port where a plugin can.</summary>
    /// <returns>The last plugin's result.</returns>
    public JsonObject Add(int pod, int hostPort)
    {
        JsonObject? previous = null;
        foreach (JsonObject plugin in Chain)
            previous = JsonNode.Parse(Call("ADD", plugin, pod, previous, hostPort))!.AsObject();
        return _results[pod] = previous!;
    }

    public void Check(int pod, int hostPort)
    {
        foreach (JsonObject plugin in Chain) Call("CHECK", plugin, pod, _results[pod], hostPort).ShouldBe("");
    }

    public void Delete(int pod, int hostPort)
    {
        foreach (JsonObject plugin in Chain.Reverse()) Call("DEL", plugin, pod, _results[pod], hostPort).ShouldBe("");
        _ = _results.Remove(pod);
    }

    /// <summary>Whether the node is ready, as containerd asks.</summary>
    /// <returns>How many plugins were asked.</returns>
    public int Status() => CallAll("STATUS", []);

    /// <summary>Has everything removed that is no pod of this runtime's.</summary>
    public int Collect()
    {
        // A list in Go that nothing was put into is written as null.
        JsonArray? valid = _results.Count == 0 ? null : [.. _results.Keys.Select(static pod =>
            new JsonObject { ["containerID"] = $"c{pod}", ["ifname"] = "eth0" })];
        return CallAll("GC", new()
        {
            ["cni.dev/attachments"] = valid?.DeepClone(),
            ["cni.dev/valid-attachments"] = valid,
        });
    }

    private int CallAll(string command, JsonObject keys)
    {
        if (Version != "1.1.0") return 0;
        foreach (JsonObject plugin in Chain)
        {
            JsonObject input = plugin.DeepClone().AsObject();
            foreach ((string key, JsonNode? value) in keys) input[key] = value?.DeepClone();
            Run(command, input, [("CNI_CONTAINERID", ""), ("CNI_IFNAME", ""), ("CNI_NETNS", "")]).ShouldBe("");
        }

        return Chain.Length;
    }

    private string Call(string command, JsonObject plugin, int pod, JsonObject? previous, int hostPort)
    {
        JsonObject input = plugin.DeepClone().AsObject();
        if (previous is not null) input["prevResult"] = previous.DeepClone();
        if (input["capabilities"]?["portMappings"] is not null)
            input["runtimeConfig"] = new JsonObject
            {
                ["portMappings"] = new JsonArray(new JsonObject
                {
                    ["hostPort"] = hostPort,
                    ["containerPort"] = 80,
                    ["protocol"] = "tcp",
                }),
            };
        _ = input.Remove("capabilities");
        return Run(command, input, node.Variables(command, pod, "eth0", null));
    }

    private string Run(string command, JsonObject input, (string Key, string Value)[] variables)
    {
        string type = input["type"]!.GetValue<string>();
        input["name"] = _configuration["name"]!.DeepClone();
        input["cniVersion"] = Version;
        string program = type == "overlay" ? Plugin.Path : Path.Combine(ReferencePlugins, type);
        using Process process = node.Lab.Host.Invoke(() => Plugin.Start(
            program, [], input.ToJsonString(),
            [.. variables, ("CNI_COMMAND", command), ("CNI_PATH", ReferencePlugins)]));
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"{type} {command}: {output}");
        return output;
    }
}
