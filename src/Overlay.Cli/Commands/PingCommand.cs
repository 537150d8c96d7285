using System.Text.Json;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;

namespace Overlay.Cli.Commands;

/// <summary>Has the daemon ping nodes or a pod through the tunnel, and prints what came back.</summary>
internal static class PingCommand
{
    /// <summary>The name that stands for all accepted peers.</summary>
    private const string Everybody = "all";

    // The daemon bounds a ping of all peers to a minute; one of a single peer may take as many probes as are asked for.
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(3);

    /// <param name="target">A node's name or a pod's address; null for all peers.</param>
    /// <param name="count">Probes on each path; null for the daemon's choice.</param>
    /// <param name="interval">Milliseconds from one to the next; null for the daemon's choice.</param>
    /// <param name="client">Asks the daemon.</param>
    /// <param name="format">The output's.</param>
    /// <param name="cancellation">Ends the ping.</param>
    /// <returns>The exit code: 1 when anything was lost or not answered.</returns>
    /// <exception cref="CliException">The daemon cannot be asked, or knows no such target.</exception>
    public static async Task<int> RunAsync(
        string? target, int? count, int? interval, AdminClient client, OutputFormat format,
        CancellationToken cancellation)
    {
        using JsonDocument report = await AskAsync(target, count, interval, client, cancellation);
        if (format == OutputFormat.Json) Json.Write(report.RootElement);
        else PingScreen.Write(report.RootElement, hasPaths: target is not null || format == OutputFormat.Wide);
        return IsSound(report.RootElement) ? ExitCode.Success : ExitCode.Failure;
    }

    /// <summary>The daemon's report of a ping, for the caller to dispose of.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public static Task<JsonDocument> AskAsync(
        string? target, int? count, int? interval, AdminClient client, CancellationToken cancellation) =>
        client.GetAsync(
            $"ping?to={Uri.EscapeDataString(target ?? Everybody)}"
            + (count is null ? "" : $"&count={count}") + (interval is null ? "" : $"&interval={interval}"),
            _limit, cancellation);

    /// <summary>Every probe and echo has come back, and every size that the device takes.</summary>
    public static bool IsSound(JsonElement report) =>
        report.Number("leftOut") == 0 && report.Items("peers").All(IsSoundPeer)
        && (report.At("pod") is not { } pod || HasAll(pod));

    /// <summary>The peer answers no probes, as flannel's nodes do not, and every echo.</summary>
    public static bool IsFlannels(JsonElement peer) => peer.Text("kind") == "icmp" && HasAll(peer);

    /// <summary>Every probe has come back, and every size that the device takes.</summary>
    public static bool IsSoundPeer(JsonElement peer) =>
        peer.Text("kind") == "overlay" && HasAll(peer) && peer.Text("mtu.bytes") == peer.Text("mtu.device");

    private static bool HasAll(JsonElement row) =>
        row.Number("received") > 0 && row.Number("received") >= row.Number("sent");
}
