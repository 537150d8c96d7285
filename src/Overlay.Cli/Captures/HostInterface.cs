using System.Net;
using System.Text.Json;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;

namespace Overlay.Cli.Captures;

/// <summary>The interface of the host to capture on, and all that makes sense of its packets.</summary>
/// <param name="Name">The interface's.</param>
/// <param name="IsUnderlay">Tunnels leave by it, and its packets are read as VXLAN.</param>
/// <param name="Port">UDP port of the tunnels.</param>
/// <param name="Own">This node's underlay addresses.</param>
/// <param name="Peers">The other nodes.</param>
internal sealed record HostInterface(
    string Name, bool IsUnderlay, int Port, IReadOnlyList<IPAddress> Own, PeerNames Peers)
{
    private const int DefaultPort = 8472;

    /// <summary>Finds the interface that the user means.</summary>
    /// <param name="name">A part of the node, or an interface's own name, which needs no daemon.</param>
    /// <param name="client">Asks the daemon.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="CliException">The daemon is needed and does not answer, or has no such part yet.</exception>
    public static async Task<HostInterface> FindAsync(string name, AdminClient client, CancellationToken cancellation)
    {
        bool isPart = name is CaptureOptions.Underlay or CaptureOptions.Tun;
        try
        {
            using JsonDocument status = await client.GetAsync("status", cancellation);
            using JsonDocument peers = await client.GetAsync("peers", cancellation);
            return Of(name, status.RootElement, new PeerNames(peers.RootElement));
        }
        catch (CliException) when (!isPart)
        {
            return new HostInterface(name, false, DefaultPort, [], new PeerNames(null));
        }
    }

    private static HostInterface Of(string name, JsonElement status, PeerNames peers)
    {
        string? underlay = status.Text("underlay.interface");
        string found = name switch
        {
            CaptureOptions.Underlay => underlay,
            CaptureOptions.Tun => status.Text("device"),
            _ => name,
        } ?? throw new CliException($"--interface {name}: the node is not made yet", ExitCode.Failure);
        string?[] own = [status.Text("underlay.ipv4"), status.Text("underlay.ipv6")];
        return new HostInterface(
            found, found == underlay, status.At("port") is { } port ? port.GetInt32() : DefaultPort,
            [.. own.OfType<string>().Select(IPAddress.Parse)], peers);
    }
}
