using System.Buffers;
using Overlay.Cli.Captures;
using Overlay.Wire.Captures;

namespace Overlay.Cli.Tests;

/// <summary>The daemon's stream as overlayctl reads it: whole, cut, damaged, and in small pieces.</summary>
public sealed class BlockStreamTests
{
    private static readonly byte[] _capture = Capture();

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task Blocks_are_the_same_however_they_arrive(int piece)
    {
        using PieceStream stream = new(_capture, piece);
        List<byte> read = [];
        BlockStream blocks = new(stream);
        int count = 0;
        while (await blocks.ReadAsync(CancellationToken.None) is { IsEmpty: false } block)
        {
            read.AddRange(block.Span);
            count++;
        }

        read.ShouldBe(_capture);
        count.ShouldBe(4);
    }

    [Fact]
    public async Task A_stream_that_is_cut_anywhere_leaves_whole_blocks_and_one_line()
    {
        int[] ends = [.. Ends(_capture)];
        for (int length = 1; length < _capture.Length; length++)
        {
            BlockStream blocks = new(new MemoryStream(_capture, 0, length));
            int whole = 0;
            string? fault = null;
            try
            {
                while (await blocks.ReadAsync(CancellationToken.None) is { IsEmpty: false } block) whole += block.Length;
            }
            catch (CliException exception)
            {
                fault = exception.Message;
            }

            whole.ShouldBe(ends.LastOrDefault(end => end <= length));
            if (ends.Contains(length)) fault.ShouldBeNull();
            else fault.ShouldNotBeNull().ShouldContain("broke off");
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(7, 255)]
    [InlineData(8, 0)]
    public async Task Bytes_that_are_no_capture_are_named(int at, byte value)
    {
        byte[] damaged = (byte[])_capture.Clone();
        damaged[at] = value;
        CliException fault = await Should.ThrowAsync<CliException>(
            () => new BlockStream(new MemoryStream(damaged)).ReadAsync(CancellationToken.None));
        fault.Message.ShouldContain("overlayctl version");
    }

    private static IEnumerable<int> Ends(byte[] capture)
    {
        for (int at = 0; at < capture.Length;)
        {
            PcapngReader.TryReadLength(capture.AsSpan(at), out int length).ShouldBeTrue();
            yield return at += length;
        }
    }

    private static byte[] Capture()
    {
        ArrayBufferWriter<byte> to = new();
        PcapngWriter.Section(to, "overlayd");
        PcapngWriter.Interface(to, "overlay egress", LinkType.Raw, 6000);
        PcapngWriter.Packet(to, 0, DateTime.UnixEpoch, new byte[5000], 5000, PacketWay.Out, "forwarded to node b");
        PcapngWriter.Statistics(to, 0, DateTime.UnixEpoch, 1, 0);
        return to.WrittenSpan.ToArray();
    }

    /// <summary>A stream that hands over few bytes at a time, as a socket may.</summary>
    private sealed class PieceStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
    }
}
