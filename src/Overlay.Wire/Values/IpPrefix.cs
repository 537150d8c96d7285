using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Overlay.Wire.Values;

/// <summary>
/// A CIDR prefix of either family (RFC 4632, RFC 4291 section 2.3), without heap; host bits are always zero.
/// </summary>
public readonly record struct IpPrefix
{
    /// <summary>The prefix of that length which holds the address.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is not 0..32 (IPv4) or 0..128 (IPv6).</exception>
    public IpPrefix(IpAddress address, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, address.Bits);
        Length = length;
        UInt128 network = address.Value & ~HostMask(address.Bits, length);
        Address = address.Family == IpFamily.IPv4 ? new Ipv4Address((uint)network) : new Ipv6Address(network);
    }

    /// <summary>The lowest address, that with all host bits zero.</summary>
    public IpAddress Address { get; }

    /// <summary>Leading bits that count.</summary>
    public int Length { get; }

    public IpFamily Family => Address.Family;

    /// <summary>The highest address, that with all host bits one.</summary>
    public IpAddress Last
    {
        get
        {
            UInt128 last = Address.Value | HostMask(Address.Bits, Length);
            return Family == IpFamily.IPv4 ? new Ipv4Address((uint)last) : new Ipv6Address(last);
        }
    }

    public bool Contains(IpAddress address) =>
        address.Family == Family && (address.Value & ~HostMask(Address.Bits, Length)) == Address.Value;

    /// <summary>True when every address of the other prefix lies in this one.</summary>
    public bool Contains(IpPrefix other) => other.Length >= Length && Contains(other.Address);

    public bool Overlaps(IpPrefix other) => Contains(other) || other.Contains(this);

    /// <summary>Reads <c>10.244.0.0/16</c> or <c>fd00::/64</c>; set host bits are refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out IpPrefix prefix)
    {
        prefix = default;
        int slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (slash < 0) return false;
        if (!IpAddress.TryParse(text![..slash], out IpAddress address)) return false;
        ReadOnlySpan<char> digits = text.AsSpan(slash + 1);
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            || length > address.Bits) return false;
        if (!digits.SequenceEqual(length.ToString(CultureInfo.InvariantCulture))) return false; // int.TryParse takes "08" and "8\0"
        prefix = new(address, length);
        return prefix.Address == address;
    }

    /// <exception cref="FormatException">Not a prefix, or host bits are set.</exception>
    public static IpPrefix Parse(string text) =>
        TryParse(text, out IpPrefix prefix)
            ? prefix
            : throw new FormatException($"'{text}' is not a prefix such as 10.244.0.0/16 or fd00:10:244::/56");

    public override string ToString() => $"{Address}/{Length}";

    private static UInt128 HostMask(int bits, int length) =>
        length == 0 ? UInt128.MaxValue >> (128 - bits) : (UInt128.One << (bits - length)) - 1;
}
