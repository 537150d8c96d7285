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

    /// <summary>
    /// Reads <c>02:00:00:00:00:0a</c>, <c>02-00-00-00-00-0a</c> or <c>0200.0000.000a</c>, in either case.
    /// </summary>
    /// <remarks>The forms of Go's net.ParseMAC, by which flannel reads leases; of its lengths EUI-48 alone.</remarks>
    public static bool TryParse([NotNullWhen(true)] string? text, out MacAddress address)
    {
        address = default;

        // Two digits between colons or dashes, or four between dots.
        (char separator, int digits) = text?.Length switch
        {
            17 => (text[2], 2),
            14 => (text[4], 4),
            _ => ('\0', 0),
        };
        if (!(digits == 2 ? separator is ':' or '-' : separator is '.')) return false;
        ulong value = 0;
        for (int i = 0; i < text!.Length; i++)
        {
            if (i % (digits + 1) == digits)
            {
                if (text[i] != separator) return false;
            }
            else if (!char.IsAsciiHexDigit(text[i])) return false;
            else value = (value << 4) | DigitOf(text[i]);
        }

        address = new(value);
        return true;
    }

    /// <exception cref="FormatException">None of the forms that <see cref="TryParse"/> reads.</exception>
    public static MacAddress Parse(string text) =>
        TryParse(text, out MacAddress address)
            ? address
            : throw new FormatException($"'{text}' is not a MAC address such as 02:00:00:00:00:0a");

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(byte)(Value >> 40):x2}:{(byte)(Value >> 32):x2}:{(byte)(Value >> 24):x2}:{(byte)(Value >> 16):x2}:{(byte)(Value >> 8):x2}:{(byte)Value:x2}");

    private static uint DigitOf(char c) => c <= '9' ? c - (uint)'0' : (c | 0x20u) - 'a' + 10;
}
