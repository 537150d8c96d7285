using Overlay.Cli;
using Overlay.Cli.Captures;
using Overlay.Fuzzing.Targets;
using Overlay.Wire.Captures;
using PacketDotNet;

namespace Overlay.Fuzzing.Admin;

/// <summary>overlayctl's reading of a capture.</summary>
internal static class CaptureReading
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        using MemoryStream stream = new(input.ToArray(), writable: false);
        BlockStream blocks = new(stream);
        try
        {
            while (blocks.ReadAsync(CancellationToken.None).GetAwaiter().GetResult() is { IsEmpty: false } block)
                Read(block.Span);
        }
        catch (CliException refused)
        {
            Sentence.Check(refused.Message);
        }
    }

    private static void Read(ReadOnlySpan<byte> block)
    {
        if (PcapngReader.TryReadMissed(block, out _, out _)) return;
        if (!PcapngReader.TryReadPacket(block, out CapturedPacket packet)) return;
        Invariant.Holds(packet.Bytes.Length <= block.Length && packet.Time >= DateTime.UnixEpoch);
        Packet? read = PacketText.Read(LinkLayers.Raw, packet.Bytes.ToArray());
        Sentence.Check(PacketText.FlowOf(PacketText.IpOf(read)));
    }
}
