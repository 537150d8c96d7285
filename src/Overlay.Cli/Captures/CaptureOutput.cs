using System.Buffers;
using System.Globalization;

namespace Overlay.Cli.Captures;

/// <summary>The destination of a capture: lines on the terminal, a file of pcapng, or a pipe.</summary>
/// <param name="file">The file; <c>-</c> for a pipe, null for lines.</param>
internal sealed class CaptureOutput(string? file) : IDisposable
{
    private const string Pipe = "-";

    private Stream? _file;

    /// <summary>Packets so far.</summary>
    public long Count { get; private set; }

    /// <summary>Packets that were wanted and that the capture lacks.</summary>
    public long Missed { get; set; }

    /// <summary>Lines are wanted, and no blocks.</summary>
    public bool IsLines => file is null;

    /// <summary>The capture has begun, so there is something to be summed up.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Makes the file, once there is a capture: one that is refused leaves an older file as it is.</summary>
    /// <param name="place">Where the packets come from, for people.</param>
    /// <exception cref="CliException">The file cannot be written.</exception>
    public void Open(string place)
    {
        try
        {
            _file = file switch
            {
                null => null,
                Pipe => Console.OpenStandardOutput(),
                _ => File.Create(file),
            };
            IsOpen = true;
            Console.Error.WriteLine($"capturing {place}; Ctrl-C ends it");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"-w {file}: {exception.Message}", ExitCode.Failure);
        }
    }

    /// <summary>Passes on a packet's line, where lines are wanted.</summary>
    /// <param name="line">Makes the line.</param>
    public void Packet(Func<string> line)
    {
        Count++;
        if (IsLines) Console.WriteLine(line());
    }

    /// <summary>Passes on a block, where blocks are wanted.</summary>
    public void Block(ReadOnlySpan<byte> block) => _file?.Write(block);

    /// <summary>Passes on a block that was made here.</summary>
    public void Block(ArrayBufferWriter<byte> block)
    {
        Block(block.WrittenSpan);
        block.ResetWrittenCount();
    }

    /// <summary>The sums for people, apart from the packets.</summary>
    public void Summarize() => Console.Error.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{Count} packets captured, {Missed} missed"));

    public void Dispose() => _file?.Dispose();
}
