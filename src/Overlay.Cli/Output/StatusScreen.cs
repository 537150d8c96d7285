using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Overlay.Cli.Output;

/// <summary>The node on one screen: its parts, what flows now, and all that is wrong, each with what to do.</summary>
internal static class StatusScreen
{
    private const string Separator = "   ";

    /// <param name="status">The daemon's report; parts that its version does not have are left out.</param>
    /// <param name="now">For ages.</param>
    public static void Write(JsonElement status, DateTimeOffset now)
    {
        Table table = Screen.NewTable().HideHeaders();
        _ = table.AddColumn(new TableColumn("").NoWrap()).AddColumn("");
        Add("node", Node(status, now), StyleOf(status.Text("state")));
        Add("waiting for", status.Text("waitingFor"), "yellow");
        Add("pods", Join(status.Text("subnet"), status.Text("subnetV6")));
        Add("device", Device(status));
        Add("underlay", Underlay(status));
        Add("store", Store(status), status.Text("controlPlane.state") == "connected" ? "" : "yellow");
        Add("peers", Peers(status));
        Add("data path", DataPath(status));
        if (status.At("traffic") is { } traffic)
        {
            Add("traffic", Join(Rate("out", traffic, "egress"), Rate("in", traffic, "ingress")));
            Add("dropped", Drops(traffic));
        }

        Add("capture", status.Text("capture"), "yellow");

        Screen.Console.Write(table);
        WriteFindings("PROBLEMS", "red", [.. status.Texts("problems"), .. status.Texts("controlPlane.problems")]);
        WriteFindings("WARNINGS", "yellow", status.Texts("warnings"));

        void Add(string name, string? text, string style = "")
        {
            if (!string.IsNullOrEmpty(text)) _ = table.AddRow(Screen.Cell(name, "bold"), Screen.Cell(text, style));
        }
    }

    private static string StyleOf(string? state) => state switch
    {
        "forwarding" => "green",
        "impaired" => "red",
        _ => "yellow",
    };

    private static string Node(JsonElement status, DateTimeOffset now)
    {
        string? since = status.At("started") is { } started
            && started.TryGetDateTimeOffset(out DateTimeOffset time) ? $" for {Units.Of(now - time)}" : null;
        return Join(
            status.Text("node"), $"{status.Text("state")}{since}", $"overlayd {status.Text("version")}");
    }

    private static string? Device(JsonElement status) => status.Text("device") is { } device
        ? Join(
            device, $"VNI {status.Text("vni")}", $"UDP port {status.Text("port")}", $"MTU {status.Text("mtu")}",
            $"VTEP {status.Text("vtepMac")}")
        : null;

    private static string? Underlay(JsonElement status) => status.At("underlay") is { } underlay
        ? Join(
            underlay.Text("interface"), underlay.Text("ipv4"), underlay.Text("ipv6"), $"MTU {underlay.Text("mtu")}")
        : null;

    private static string? Store(JsonElement status)
    {
        if (status.At("controlPlane") is not { } store) return null;
        string? age = store.At("ageSeconds") is { } seconds
            ? $"known as of {Units.Of(TimeSpan.FromSeconds(seconds.GetDouble()))} ago"
            : "never read";
        return Join(
            $"{store.Text("kind")} {store.Text("source")}", store.Text("state"),
            store.Text("state") == "connected" ? null : age,
            store.Text("fromSavedState") == "True" ? "node or peers are those of the last run" : null);
    }

    private static string? Peers(JsonElement status)
    {
        if (status.At("controlPlane") is not { } store) return null;
        (double up, double refused, double waiting, double held) = (
            store.Number("acceptedPeers"), store.Number("refusedPeers"), store.Number("notReadyPeers"),
            store.Number("heldPeers"));
        string text = string.Create(CultureInfo.InvariantCulture, $"{up} of {up + refused + waiting} in use");
        return Join(
            text, Some(refused, "refused (overlayctl peers says why)"), Some(waiting, "not ready"),
            Some(held, "kept although the store lacks them"));

        static string? Some(double count, string state) =>
            count == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{count} {state}");
    }

    private static string? DataPath(JsonElement status)
    {
        if (status.At("dataplane") is not { } path) return null;
        string queues = path.Number("queues") == 1 ? "1 queue" : $"{path.Text("queues")} queues";
        string segments = path.Number("maxSegments") > 1
            ? $"up to {path.Text("maxSegments")} datagrams a send"
            : "1 datagram a send";
        IReadOnlyList<string> offloads = path.Texts("offloads");
        string reason = path.Text("tierReason") ?? "";
        return Join(
            (path.Text("tier") == "Ebpf" ? "eBPF in the kernel" : "user space") + (reason.Length == 0 ? "" : $" ({reason})"),
            queues, segments,
            offloads.Count == 0 ? "no offloads" : $"offloads {string.Join(", ", offloads)}");
    }

    private static string Rate(string name, JsonElement traffic, string direction) =>
        $"{name} {Units.Of(traffic.Number($"{direction}.packetsPerSecond"), "packets/s")}, "
        + Units.Of(traffic.Number($"{direction}.bitsPerSecond"), "bit/s");

    private static string Drops(JsonElement traffic)
    {
        IReadOnlyList<JsonElement> drops = traffic.Items("recentDrops");
        return drops.Count == 0
            ? "none in the last minute"
            : $"in the last minute: {string.Join(", ", drops.Select(static drop =>
                $"{drop.Text("packets")} {drop.Text("reason")} ({drop.Text("direction")})"))}";
    }

    private static void WriteFindings(string title, string style, IReadOnlyList<string> findings)
    {
        if (findings.Count == 0) return;
        Screen.Console.WriteLine();
        Screen.Console.Write(Screen.Cell(title, $"bold {style}"));
        Screen.Console.WriteLine();
        Table table = Screen.NewTable().HideHeaders();
        _ = table.AddColumn(new TableColumn("").NoWrap()).AddColumn("");
        foreach (string finding in findings) _ = table.AddRow(Screen.Cell("!", style), Screen.Cell(finding));
        Screen.Console.Write(table);
    }

    private static string Join(params string?[] parts) =>
        string.Join(Separator, parts.Where(static part => !string.IsNullOrEmpty(part)));
}
