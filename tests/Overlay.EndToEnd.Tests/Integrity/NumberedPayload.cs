using System.Buffers.Binary;
using System.Numerics;

namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>
/// A UDP payload that says of which flow it is and which of that flow, with a CRC-32C over all of it: whatever is
/// altered of it shows, also where the Internet checksum would not tell.
/// </summary>
/// <param name="Flow">Of one direction.</param>
/// <param name="Number">From 0.</param>
internal readonly record struct NumberedPayload(int Flow, int Number)
{
    /// <summary>Bytes of the least payload.</summary>
    public const int MinLength = 20;

    private const uint Magic = 0x4f52_4452;
    private const int FlowOffset = 4;
    private const int NumberOffset = 8;
    private const int LengthOffset = 12;
    private const int CrcOffset = 16;

    /// <summary>Fills the bytes, those behind the header with noise that follows from flow and number.</summary>
    public void Write(Span<byte> payload)
    {
        new Random(HashCode.Combine(Flow, Number)).NextBytes(payload[MinLength..]);
        BinaryPrimitives.WriteUInt32BigEndian(payload, Magic);
        BinaryPrimitives.WriteInt32BigEndian(payload[FlowOffset..], Flow);
        BinaryPrimitives.WriteInt32BigEndian(payload[NumberOffset..], Number);
        BinaryPrimitives.WriteInt32BigEndian(payload[LengthOffset..], payload.Length);
        BinaryPrimitives.WriteUInt32BigEndian(payload[CrcOffset..], Crc(payload));
    }

    /// <summary>False for what no generator has sent, or for less than its header.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out NumberedPayload numbered)
    {
        numbered = default;
        if (payload.Length < MinLength || BinaryPrimitives.ReadUInt32BigEndian(payload) != Magic) return false;
        numbered = new(
            BinaryPrimitives.ReadInt32BigEndian(payload[FlowOffset..]),
            BinaryPrimitives.ReadInt32BigEndian(payload[NumberOffset..]));
        return true;
    }

    /// <summary>As <see cref="TryRead"/>, of a payload that is all there: false where any of it is altered.</summary>
    public static bool TryReadWhole(ReadOnlySpan<byte> payload, out NumberedPayload numbered) =>
        TryRead(payload, out numbered)
        && BinaryPrimitives.ReadInt32BigEndian(payload[LengthOffset..]) == payload.Length
        && BinaryPrimitives.ReadUInt32BigEndian(payload[CrcOffset..]) == Crc(payload);

    private static uint Crc(ReadOnlySpan<byte> payload) =>
        ~Crc(Crc(uint.MaxValue, payload[..CrcOffset]), payload[MinLength..]);

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte rest in bytes) crc = BitOperations.Crc32C(crc, rest);
        return crc;
    }
}
