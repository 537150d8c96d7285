using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using Overlay.Wire.Values;

namespace Overlay.Wire.Checksums;

/// <summary>
/// The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of 16-bit words.
/// </summary>
/// <remarks>
/// Partial sums are plain 32-bit integers in host order: add them with <c>+</c>, then <see cref="Finish"/>. A partial
/// sum returned here is at most 0xffff, so tens of thousands of them fit before anything is lost.
/// </remarks>
public static class InternetChecksum
{
    /// <summary>
    /// The sum of the bytes as big-endian words, folded to 16 bits. An odd last byte counts as its word's high half.
    /// </summary>
    public static uint Sum(ReadOnlySpan<byte> bytes)
    {
        // The sum does not care for byte order (RFC 1071 section 2B): add wide words as memory has them, swap once at
        // the end. A width the machine lacks is passed over when this is compiled; the rest of a wider one goes to the
        // next.
        ulong sum = 0;
        if (Vector512.IsHardwareAccelerated && bytes.Length >= Vector512<byte>.Count)
        {
            sum += WideSum.Of512(bytes);
            bytes = bytes[(bytes.Length & -Vector512<byte>.Count)..];
        }

        if (Vector256.IsHardwareAccelerated && bytes.Length >= Vector256<byte>.Count)
        {
            sum += WideSum.Of256(bytes);
            bytes = bytes[(bytes.Length & -Vector256<byte>.Count)..];
        }

        if (Vector128.IsHardwareAccelerated && bytes.Length >= Vector128<byte>.Count)
        {
            sum += WideSum.Of128(bytes);
            bytes = bytes[(bytes.Length & -Vector128<byte>.Count)..];
        }

        sum += WideSum.OfRest(bytes);
        ushort folded = (ushort)Fold((uint)FoldTo32(sum));
        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(folded) : folded;
    }

    /// <summary>The pseudo-header's part of a TCP or UDP checksum over IPv4 (RFC 9293 section 3.1, RFC 768).</summary>
    /// <param name="source">Source address.</param>
    /// <param name="destination">Destination address.</param>
    /// <param name="protocol">IP protocol number.</param>
    /// <param name="length">Bytes of transport header and payload.</param>
    public static uint PseudoHeader(Ipv4Address source, Ipv4Address destination, byte protocol, int length) =>
        Fold((source.Value >> 16) + (source.Value & 0xffff) + (destination.Value >> 16) + (destination.Value & 0xffff)
            + protocol + (uint)length);

    /// <summary>The pseudo-header's part of an upper-layer checksum over IPv6 (RFC 8200 section 8.1).</summary>
    /// <inheritdoc cref="PseudoHeader(Ipv4Address, Ipv4Address, byte, int)" path="/param"/>
    public static uint PseudoHeader(Ipv6Address source, Ipv6Address destination, byte protocol, int length)
    {
        ulong sum = Words((ulong)(source.Value >> 64)) + Words((ulong)source.Value)
            + Words((ulong)(destination.Value >> 64)) + Words((ulong)destination.Value)
            + protocol + (uint)length;
        return Fold((uint)FoldTo32(sum));

        static ulong Words(ulong value) => (value >> 32) + (value & 0xffff_ffff);
    }

    /// <summary>Folds a partial sum to 16 bits: at most 0xffff.</summary>
    public static uint Fold(uint sum)
    {
        sum = (sum & 0xffff) + (sum >> 16);
        return (sum & 0xffff) + (sum >> 16);
    }

    /// <summary>The checksum field's value for a partial sum.</summary>
    public static ushort Finish(uint sum) => (ushort)~Fold(sum);

    /// <summary>The checksum after one 16-bit word of what it covers has changed (RFC 1624, equation 3).</summary>
    public static ushort Update(ushort checksum, ushort oldWord, ushort newWord) =>
        Finish((uint)(ushort)~checksum + (ushort)~oldWord + newWord);

    private static ulong FoldTo32(ulong sum)
    {
        sum = (sum & 0xffff_ffff) + (sum >> 32);
        return (sum & 0xffff_ffff) + (sum >> 32);
    }
}
