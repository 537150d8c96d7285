using System.Buffers.Binary;
using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing.Packets;

/// <summary>
/// A record of an input for the packet path: a byte of choices, 16 bits of length, and the packet or datagrams.
/// </summary>
/// <remarks>
/// <c>[choices: 1][extra: n][length: 2, little-endian][bytes]</c>. A length beyond the end stands for all that is left,
/// so that an input that is cut short is still one.
/// </remarks>
internal readonly ref struct PacketRecord(byte choices, ReadOnlySpan<byte> extra, ReadOnlySpan<byte> bytes)
{
    /// <summary>Most records of an input that are used.</summary>
    public const int Most = 8;

    public byte Choices { get; } = choices;

    /// <summary>Most bytes of a record: guard bytes have room behind them.</summary>
    public const int MostBytes = 32 * 1024;

    /// <summary>Bytes of a target's own.</summary>
    public ReadOnlySpan<byte> Extra { get; } = extra;

    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    public static PacketRecord Take(ref FuzzInput input, int extraLength)
    {
        byte choices = input.Byte();
        ReadOnlySpan<byte> extra = input.Bytes(extraLength);
        ushort length = input.UInt16();
        return new PacketRecord(choices, extra, input.Bytes(Math.Min((int)length, MostBytes)));
    }

    /// <summary>The record as bytes of an input.</summary>
    public static byte[] Format(byte choices, byte[] extra, byte[] bytes)
    {
        byte[] length = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)bytes.Length);
        return [choices, .. extra, .. length, .. bytes];
    }
}
