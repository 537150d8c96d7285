using System.Text.Json.Nodes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Host;

/// <summary>A node without pods on which overlayd is to start, and refuses to.</summary>
public sealed class RefusedStarts : IDisposable
{
    private const int BadConfiguration = 78;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(20);
    private static readonly string[] _separators = ["\n"];

    public LabNetwork Lab { get; } = LabNetwork.Create(new LabOptions { Name = "badconf", Nodes = 1, PodsPerNode = 0 });

    public Node Node => Lab.Nodes[0];

    public void Dispose() => Lab.Dispose();

    /// <summary>Starts overlayd, which has to refuse, and returns the one line that says why.</summary>
    public string LineOfRefusedStart(params string[] arguments)
    {
        DaemonProcess daemon = Node.StartDaemon(arguments);
        daemon.WaitForExit(_limit).ShouldBeTrue($"overlayd runs with a bad configuration: {daemon.Log}");
        daemon.ExitCode.ShouldBe(BadConfiguration, daemon.Log);
        daemon.Log.ShouldNotContain("   at ");
        string line = daemon.Log.Split(_separators, StringSplitOptions.RemoveEmptyEntries)
            .Where(text => text.StartsWith("overlayd: bad configuration: ", StringComparison.Ordinal))
            .ShouldHaveSingleItem(daemon.Log);
        line.ShouldContain("example: ");
        Node.Run("ip", "link", "show").Output.ShouldNotContain(
            "overlay.1", customMessage: "a refused start leaves no device");
        return line;
    }

    /// <summary>Puts another value in the place of a key, named from the section Overlay on.</summary>
    public static void Replace(JsonObject overlay, string key, JsonNode? value)
    {
        string[] path = key.Split(':');
        JsonObject parent = path[..^1].Aggregate(overlay, (section, name) => section[name]!.AsObject());
        parent[path[^1]] = value;
    }
}
