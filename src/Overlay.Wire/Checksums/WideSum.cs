using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Overlay.Wire.Checksums;

/// <summary>
/// Sums 32-bit words as memory has them, a vector at a time: the long part of <see cref="InternetChecksum.Sum"/>.
/// </summary>
/// <remarks>
/// Each 64-bit lane is split into its two words, which are added to 64-bit lanes: that cannot overflow below 2^32
/// vectors and needs no shuffle, as widening would. Two pairs of accumulators keep the adders busy. Each method sums
/// the whole vectors its argument has and leaves the rest out; which is fast is the processor's affair, right they are
/// anywhere.
/// </remarks>
internal static class WideSum
{
    /// <summary>Of whole 64 bytes.</summary>
    public static ulong Of512(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<Vector512<ulong>> vectors = MemoryMarshal.Cast<byte, Vector512<ulong>>(bytes);
        Vector512<ulong> mask = Vector512.Create((ulong)uint.MaxValue);
        Vector512<ulong> a = default, b = default, c = default, d = default;
        for (; vectors.Length >= 2; vectors = vectors[2..])
        {
            a += vectors[0] & mask;
            b += vectors[0] >>> 32;
            c += vectors[1] & mask;
            d += vectors[1] >>> 32;
        }

        if (vectors.Length > 0)
        {
            a += vectors[0] & mask;
            b += vectors[0] >>> 32;
        }

        return Vector512.Sum(a + b + c + d);
    }

    /// <summary>Of whole 32 bytes.</summary>
    public static ulong Of256(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<Vector256<ulong>> vectors = MemoryMarshal.Cast<byte, Vector256<ulong>>(bytes);
        Vector256<ulong> mask = Vector256.Create((ulong)uint.MaxValue);
        Vector256<ulong> a = default, b = default, c = default, d = default;
        for (; vectors.Length >= 2; vectors = vectors[2..])
        {
            a += vectors[0] & mask;
            b += vectors[0] >>> 32;
            c += vectors[1] & mask;
            d += vectors[1] >>> 32;
        }

        if (vectors.Length > 0)
        {
            a += vectors[0] & mask;
            b += vectors[0] >>> 32;
        }

        return Vector256.Sum(a + b + c + d);
    }

    /// <summary>Of whole 16 bytes.</summary>
    public static ulong Of128(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<Vector128<ulong>> vectors = MemoryMarshal.Cast<byte, Vector128<ulong>>(bytes);
        Vector128<ulong> mask = Vector128.Create((ulong)uint.MaxValue);
        Vector128<ulong> a = default, b = default, c = default, d = default;
        for (; vectors.Length >= 2; vectors = vectors[2..])
        {
            a += vectors[0] & mask;
            b += vectors[0] >>> 32;
            c += vectors[1] & mask;
            d += vectors[1] >>> 32;
        }

        if (vectors.Length > 0)
        {
            a += vectors[0] & mask;
            b += vectors[0] >>> 32;
        }

        return Vector128.Sum(a + b + c + d);
    }

    /// <summary>Of all of it, without vectors. An odd last byte is followed by a zero.</summary>
    public static ulong OfRest(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            ulong words = MemoryMarshal.Read<ulong>(bytes);
            sum += (words & uint.MaxValue) + (words >>> 32);
        }

        if (bytes.Length >= sizeof(uint))
        {
            sum += MemoryMarshal.Read<uint>(bytes);
            bytes = bytes[sizeof(uint)..];
        }

        if (bytes.Length >= sizeof(ushort))
        {
            sum += MemoryMarshal.Read<ushort>(bytes);
            bytes = bytes[sizeof(ushort)..];
        }

        if (bytes.Length > 0) sum += BitConverter.IsLittleEndian ? bytes[0] : (uint)bytes[0] << 8;
        return sum;
    }
}
