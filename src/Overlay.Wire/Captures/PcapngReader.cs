using System.Buffers.Binary;
using System.Text;

namespace Overlay.Wire.Captures;

/// <summary>Reads captures of <see cref="PcapngWriter"/>, block by block.</summary>
public static class PcapngReader
{
    /// <summary>Bytes that tell a block's length.</summary>
    public const int HeadLength = 8;

    /// <summary>Most bytes of a block: a packet of 64 KB, and as much for its options.</summary>
    public const int MostBytes = 256 * 1024;

    private const int PacketHead = 28;
    private const int StatisticsHead = 20;

    /// <summary>The length of the block that begins so.</summary>
    /// <param name="head"><see cref="HeadLength"/> bytes.</param>
    /// <param name="length">Bytes from the first to the last; valid when true is returned.</param>
    /// <returns>False where no block begins so, or one that is too long.</returns>
    public static bool TryReadLength(ReadOnlySpan<byte> head, out int length)
    {
        uint value = BinaryPrimitives.ReadUInt32LittleEndian(head[sizeof(uint)..]);
        length = (int)Math.Min(value, int.MaxValue);
        return value is >= PcapngBlock.Frame and <= MostBytes && value % 4 == 0;
    }

    /// <summary>The block begins a capture.</summary>
    public static bool IsSection(ReadOnlySpan<byte> block) => TypeOf(block) == PcapngBlock.Section
        && block.Length >= PcapngBlock.Frame + sizeof(uint)
        && BinaryPrimitives.ReadUInt32LittleEndian(block[HeadLength..]) == PcapngBlock.ByteOrder;

    /// <summary>Both lengths of a block, in front and behind, are the same.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> block) => block.Length >= PcapngBlock.Frame
        && BinaryPrimitives.ReadUInt32LittleEndian(block[^sizeof(uint)..]) == (uint)block.Length
        && BinaryPrimitives.ReadUInt32LittleEndian(block[sizeof(uint)..]) == (uint)block.Length;

    /// <summary>Reads a packet.</summary>
    /// <param name="block">A whole block.</param>
    /// <param name="packet">Valid when true is returned.</param>
    /// <returns>False for a block of another kind, and for one whose parts do not fit.</returns>
    public static bool TryReadPacket(ReadOnlySpan<byte> block, out CapturedPacket packet)
    {
        packet = default;
        if (TypeOf(block) != PcapngBlock.Packet || block.Length < PacketHead + sizeof(uint)) return false;
        uint captured = BinaryPrimitives.ReadUInt32LittleEndian(block[20..]);
        if (captured > block.Length - PacketHead - sizeof(uint)) return false;
        int end = block.Length - sizeof(uint);
        ReadOnlySpan<byte> options = block[Math.Min(PacketHead + PcapngBlock.Padded((int)captured), end)..end];
        ReadOnlySpan<byte> flags = Find(options, PcapngBlock.PacketFlags);
        packet = new CapturedPacket
        {
            Time = TimeOf(block[12..]),
            Bytes = block.Slice(PacketHead, (int)captured),
            Length = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(block[24..]), int.MaxValue),
            Way = flags.Length == sizeof(uint) ? (PacketWay)(flags[0] & 3) : PacketWay.Unknown,
            Comment = Encoding.UTF8.GetString(Find(options, PcapngBlock.Comment)),
        };
        return true;
    }

    /// <summary>Reads how many packets an interface has missed up to then.</summary>
    /// <param name="block">A whole block.</param>
    /// <param name="number">The interface.</param>
    /// <param name="missed">Valid when true is returned.</param>
    /// <returns>False for a block of another kind, and for one without that number.</returns>
    public static bool TryReadMissed(ReadOnlySpan<byte> block, out int number, out long missed)
    {
        (number, missed) = (0, 0);
        if (TypeOf(block) != PcapngBlock.Statistics || block.Length < StatisticsHead + sizeof(uint)) return false;
        ReadOnlySpan<byte> value = Find(block[StatisticsHead..^4], PcapngBlock.Missed);
        if (value.Length != sizeof(ulong)) return false;
        number = (int)BinaryPrimitives.ReadUInt32LittleEndian(block[HeadLength..]);
        missed = BinaryPrimitives.ReadInt64LittleEndian(value);
        return true;
    }

    private static uint TypeOf(ReadOnlySpan<byte> block) =>
        block.Length < PcapngBlock.Frame ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(block);

    private static DateTime TimeOf(ReadOnlySpan<byte> halves)
    {
        ulong nanoseconds = ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(halves) << 32)
            | BinaryPrimitives.ReadUInt32LittleEndian(halves[sizeof(uint)..]);
        return DateTime.UnixEpoch.AddTicks((long)(nanoseconds / 100));
    }

    // An option that reaches past the end is none, and nothing behind it can be found.
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> options, ushort code)
    {
        while (options.Length >= 4)
        {
            ushort found = BinaryPrimitives.ReadUInt16LittleEndian(options);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(options[2..]);
            if (found == PcapngBlock.EndOfOptions || length > options.Length - 4) return default;
            if (found == code) return options.Slice(4, length);
            options = options[Math.Min(4 + PcapngBlock.Padded(length), options.Length)..];
        }

        return default;
    }
}
