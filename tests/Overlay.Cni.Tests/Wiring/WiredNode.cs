using System.Diagnostics;
using System.Text.Json;
using Overlay.Host.Netlink;

namespace Overlay.Cni.Tests;

/// <summary>
/// A node whose runtime calls the executable, with four network namespaces for pods and its state in a directory.
/// </summary>
public sealed class WiredNode : IDisposable
{
    public const string Ipv4Range = """[{"subnet":"10.244.0.0/16"}]""";
    public const string Ipv6Range = """[{"subnet":"fd00:10:244:7::/64"}]""";
    public const int Pods = 4;

    private const string NoPlugins = "/nowhere";

    public BridgeLab Lab { get; } = new();

    public PluginDirectory Directory { get; } = new();

    public string Configuration(string keys = "", string network = "net", string ranges = $"{Ipv4Range},{Ipv6Range}",
        string? state = null, string? data = null) =>
        $$$"""{ {{{keys}}}"stateDirectory":"{{{state ?? Directory.Records}}}","cniVersion":"1.1.0","name":"{{{network}}}","type":"overlay","mtu":1450,"ipam":{"type":"host-local","dataDir":"{{{data ?? Directory.Path}}}","ranges":[{{{ranges}}}]} }""";

    /// <summary>Calls the executable in the node's network namespace and waits for its end.</summary>
    /// <param name="command">CNI_COMMAND.</param>
    /// <param name="configuration">For its stdin.</param>
    /// <param name="pod">Number of the pod, whose id is c and that number, unless another is given.</param>
    /// <param name="name">Of the interface.</param>
    /// <param name="path">Of the namespace; null = the pod's.</param>
    /// <param name="plugins">CNI_PATH.</param>
    public (int ExitCode, string Output) Call(
        string command, string configuration, int pod = 1, string name = "eth0", string? path = null,
        string plugins = NoPlugins)
    {
        using Process process = Start(command, configuration, pod, name, path, plugins);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    public Process Start(
        string command, string configuration, int pod = 1, string name = "eth0", string? path = null,
        string plugins = NoPlugins) => Lab.Host.Invoke(
            () => Plugin.Start(Plugin.Path, [], configuration, Variables(command, pod, name, path, plugins)));

    /// <summary>ADD that has to succeed.</summary>
    public JsonElement Add(string configuration, int pod = 1, string name = "eth0", string? path = null)
    {
        (int exitCode, string output) = Call("ADD", configuration, pod, name, path);
        exitCode.ShouldBe(0, output);
        using JsonDocument document = JsonDocument.Parse(output);
        return document.RootElement.Clone();
    }

    /// <summary>Addresses of a result, without their lengths.</summary>
    public static IEnumerable<string> Addresses(JsonElement result) =>
        result.GetProperty("ips")
            .EnumerateArray().Select(static ip => ip.GetProperty("address").GetString()!.Split('/')[0]);

    public (string Key, string Value)[] Variables(
        string command, int pod, string name, string? path, string plugins = NoPlugins) =>
    [
        ("CNI_COMMAND", command), ("CNI_CONTAINERID", $"c{pod}"), ("CNI_IFNAME", name), ("CNI_PATH", plugins),
        ("CNI_NETNS", path ?? BridgeLab.PathOf(Lab.Pod(pod))),
    ];

    /// <summary>Every address inside the pods that is not a link's own.</summary>
    public IReadOnlyList<string> PodAddresses() =>
    [
        .. Enumerable.Range(1, Pods).SelectMany(pod => Lab.Pod(pod).Invoke(static () =>
        {
            using RouteNetlink netlink = new();
            int loopback = netlink.FindLink("lo")!.Index;
            return netlink.GetAddresses().Where(address => address.IsGlobal && address.LinkIndex != loopback)
                .Select(static address => address.Address.ToString()).ToArray();
        })),
    ];

    /// <summary>All that an attachment leaves anywhere, and nothing that is the node's or host-local's own.</summary>
    public IReadOnlyList<string> Left(params string[] networks)
    {
        List<string> left = [];
        left.AddRange(Lab.Host.Invoke(() => Links().Where(static link => link.Kind == "veth" && link.Name != "eth0")
            .Select(static link => $"node: {link.Name} of {link.MasterIndex}").ToArray()));
        for (int pod = 1; pod <= Pods; pod++)
            left.AddRange(Lab.Pod(pod).Invoke(() =>
                Links().Where(static link => link.Name != "lo").Select(static link => $"pod: {link.Name}").ToArray()));
        foreach (string network in networks.DefaultIfEmpty("net")) left.AddRange(Directory.Allocations(network).Keys);
        left.AddRange(Directory.RecordFiles());
        return left;
    }

    public void Dispose()
    {
        Lab.Dispose();
        Directory.Dispose();
    }

    private static IReadOnlyList<LinkInfo> Links()
    {
        using RouteNetlink netlink = new();
        return netlink.GetLinks();
    }
}
