using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Overlay.Wire.Values;

/// <summary>
/// An EUI-48 address, kept as the low 48 bits of one integer; the first byte on the wire is the highest.
/// </summary>
public readonly record struct MacAddress(ulong Value)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Length = 6;

    /// <summary>The group bit (IEEE 802 section 8.2): set for multicast and broadcast.</summary>
    public bool IsMulticast => (Value & 0x0100_0000_0000) != 0;

    public bool IsZero => Value == 0;

    /// <summary>Reads six bytes in wire order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than six bytes.</exception>
    public static MacAddress Read(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Length];
        return new(((ulong)bytes[0] << 40) | ((ulong)bytes[1] << 32) | ((ulong)bytes[2] << 24)
            | ((ulong)bytes[3] << 16) | ((ulong)bytes[4] << 8) | bytes[5]);
    }

    /// <summary>Writes six bytes in wire order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than six bytes.</exception>
    public void Write(Span<byte> destination)
    {
        destination = destination[..Length];
        for (int i = 0; i < Length; i++) destination[i] = (byte)(Value >> (40 - (8 * i)));
    }

    /// <summary>A unicast, locally administered address made of six random bytes.</summary>
    /// <remarks>First byte as flannel chooses it: <c>(b &amp; 0xfe) | 0x02</c>.</remarks>
    public static MacAddress FromRandom(ReadOnlySpan<byte> random) =>
        new((Read(random).Value & ~0x0100_0000_0000UL) | 0x0200_0000_0000UL);

    /// <summary>Reads <c>02:00:00:00:00:0a</c>: six two-digit hex bytes, either case, colons between.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MacAddress address)
    {
        address = default;
        if (text is null || text.Length != 17 || text.Contains('\0')) return false; // byte.TryParse takes "a\0" for "0a"
        ulong value = 0;
        for (int i = 0; i < Length; i++)
        {
            if (i > 0 && text[(3 * i) - 1] != ':') return false;
            if (!byte.TryParse(
                text.AsSpan(3 * i, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte b))
                return false;
            value = (value << 8) | b;
        }

        address = new(value);
        return true;
    }

    /// <exception cref="FormatException">Not six two-digit hex bytes with colons between.</exception>
    public static MacAddress Parse(string text) =>
        TryParse(text, out MacAddress address)
            ? address
            : throw new FormatException($"'{text}' is not a MAC address such as 02:00:00:00:00:0a");

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(byte)(Value >> 40):x2}:{(byte)(Value >> 32):x2}:{(byte)(Value >> 24):x2}:{(byte)(Value >> 16):x2}:{(byte)(Value >> 8):x2}:{(byte)Value:x2}");
}
