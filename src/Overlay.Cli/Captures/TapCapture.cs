using System.Text.Json;
using Overlay.Cli.Admin;
using Overlay.Cli.Output;
using Overlay.Wire.Captures;
using PacketDotNet;

namespace Overlay.Cli.Captures;

/// <summary>Packets as the daemon's workers are done with them, both ways, with their end.</summary>
internal static class TapCapture
{
    /// <summary>Passes packets on until the count, the time or the user ends it.</summary>
    /// <param name="options">The packets that are wanted.</param>
    /// <param name="client">Asks the daemon.</param>
    /// <param name="output">Gets them.</param>
    /// <param name="cancellation">The user's end, which is a good one.</param>
    /// <exception cref="CliException">The daemon refuses, or the stream breaks off.</exception>
    public static async Task RunAsync(
        CaptureOptions options, AdminClient client, CaptureOutput output, CancellationToken cancellation)
    {
        Dictionary<int, long> missed = [];
        try
        {
            await using Stream stream = await client.OpenAsync(options.Query, cancellation);
            output.Open(await PlaceAsync(client, cancellation));
            BlockStream blocks = new(stream);
            while (await blocks.ReadAsync(cancellation) is { IsEmpty: false } block)
            {
                Pass(block.Span, output, missed);
                output.Missed = missed.Values.Sum();
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The daemon sees the closed connection, and leaves its workers alone.
        }
    }

    // No tap is in the kernel's way of a packet.
    private static async Task<string> PlaceAsync(AdminClient client, CancellationToken cancellation)
    {
        using JsonDocument status = await client.GetAsync("status", cancellation);
        return status.RootElement.Text("dataplane.tier") == "Ebpf"
            ? "by overlayd's tap, which sees only what the kernel's eBPF programs leave to workers "
                + "(all: overlayctl capture --outer)"
            : "by overlayd's tap";
    }

    private static void Pass(ReadOnlySpan<byte> block, CaptureOutput output, Dictionary<int, long> missed)
    {
        output.Block(block);
        if (PcapngReader.TryReadMissed(block, out int number, out long count)) missed[number] = count;
        if (!PcapngReader.TryReadPacket(block, out CapturedPacket packet)) return;
        (DateTime time, PacketWay way, string comment, int length) =
            (packet.Time, packet.Way, packet.Comment, packet.Length);
        byte[] bytes = output.IsLines ? packet.Bytes.ToArray() : [];
        output.Packet(() => CaptureLine.Of(
            time, way, comment, PacketText.FlowOf(PacketText.IpOf(PacketText.Read(LinkLayers.Raw, bytes))), length));
    }
}
