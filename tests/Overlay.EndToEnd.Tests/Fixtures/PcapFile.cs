using System.Buffers.Binary;

namespace Overlay.EndToEnd.Tests.Fixtures;

/// <summary>
/// A classic pcap file of Ethernet frames (draft-ietf-opsawg-pcap), as tcpdump writes it on a little-endian machine.
/// </summary>
internal static class PcapFile
{
    private const uint Microseconds = 0xa1b2_c3d4;
    private const int FileHeader = 24;
    private const int RecordHeader = 16;
    private const uint Ethernet = 1;

    /// <summary>The frames in the file's order.</summary>
    /// <exception cref="InvalidDataException">Another format, or a frame that was not captured whole.</exception>
    public static IReadOnlyList<byte[]> Read(string path)
    {
        ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
        if (Word(bytes, 0) != Microseconds || Word(bytes, 20) != Ethernet)
            throw new InvalidDataException($"{path} is not a little-endian pcap file of Ethernet frames");
        List<byte[]> frames = [];
        for (bytes = bytes[FileHeader..]; !bytes.IsEmpty; bytes = bytes[(RecordHeader + frames[^1].Length)..])
        {
            if (Word(bytes, 8) != Word(bytes, 12))
                throw new InvalidDataException($"frame {frames.Count + 1} of {path} was cut short");
            frames.Add(bytes.Slice(RecordHeader, (int)Word(bytes, 8)).ToArray());
        }

        return frames;
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);
}
