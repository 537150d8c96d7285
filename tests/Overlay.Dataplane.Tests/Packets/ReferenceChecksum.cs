using System.Buffers.Binary;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// RFC 1071 word by word, as slow and plain as it is written there: what the product's checksums are held against.
/// </summary>
internal static class ReferenceChecksum
{
    /// <summary>The folded sum of the bytes as big-endian words; an odd last byte is a word's high half.</summary>
    public static ushort Sum(params ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        for (; bytes.Length > 1; bytes = bytes[2..]) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (!bytes.IsEmpty) sum += (ulong)bytes[0] << 8;
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)sum;
    }

    /// <summary>
    /// The pseudo-header's sum, the same for both families: RFC 8200 only widens its fields with zeros.
    /// </summary>
    public static ushort PseudoHeader(byte[] source, byte[] destination, byte protocol, int length) =>
        Sum([.. source, .. destination, 0, protocol, (byte)(length >> 8), (byte)length]);

    /// <summary>True when data and the checksum within it add up.</summary>
    public static bool IsSound(ushort pseudoHeader, ReadOnlySpan<byte> segment) =>
        Sum([(byte)(pseudoHeader >> 8), (byte)pseudoHeader, .. segment]) == 0xffff;
}
