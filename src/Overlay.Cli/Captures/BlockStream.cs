using Overlay.Wire.Captures;

namespace Overlay.Cli.Captures;

/// <summary>A pcapng stream, block by block: a stream that breaks off leaves whole blocks only.</summary>
/// <param name="stream">The blocks.</param>
internal sealed class BlockStream(Stream stream)
{
    private byte[] _block = new byte[4096];
    private bool _isFirst = true;

    /// <summary>The next block, valid until the next call; empty at the stream's end.</summary>
    /// <exception cref="CliException">The stream ends within a block, or is none of pcapng.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation)
    {
        int length = 0;
        try
        {
            int head = await stream.ReadAtLeastAsync(
                _block.AsMemory(0, PcapngReader.HeadLength), PcapngReader.HeadLength, false, cancellation);
            if (head == 0) return default;
            if (head < PcapngReader.HeadLength) throw Cut();
            if (!PcapngReader.TryReadLength(_block.AsSpan(0, head), out length)) throw Damaged();
            if (length > _block.Length) Array.Resize(ref _block, length);
            int rest = length - head;
            if (await stream.ReadAtLeastAsync(_block.AsMemory(head, rest), rest, false, cancellation) < rest)
                throw Cut();
        }
        catch (IOException)
        {
            throw Cut();
        }

        ReadOnlyMemory<byte> block = _block.AsMemory(0, length);
        if (!PcapngReader.IsWhole(block.Span) || (_isFirst && !PcapngReader.IsSection(block.Span))) throw Damaged();
        _isFirst = false;
        return block;
    }

    private static CliException Cut() =>
        new("the capture broke off, as overlayd has ended it; all packets before that are whole", ExitCode.Failure);

    private static CliException Damaged() =>
        new("overlayd sends no capture that this overlayctl can read; compare them with: overlayctl version",
            ExitCode.Failure);
}
