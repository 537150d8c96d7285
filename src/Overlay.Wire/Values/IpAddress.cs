using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Overlay.Wire.Values;

/// <summary>An address of either family, without heap. IPv4 occupies the low 32 bits of <see cref="Value"/>.</summary>
/// <remarks>For tables and the control plane; headers on the packet path use the family's own type.</remarks>
public readonly record struct IpAddress
{
    private IpAddress(IpFamily family, UInt128 value)
    {
        Family = family;
        Value = value;
    }

    public IpFamily Family { get; }

    /// <summary>The address as a number in host byte order.</summary>
    public UInt128 Value { get; }

    /// <summary>32 or 128.</summary>
    public int Bits => Family == IpFamily.IPv4 ? 32 : 128;

    public static implicit operator IpAddress(Ipv4Address address) => new(IpFamily.IPv4, address.Value);

    public static implicit operator IpAddress(Ipv6Address address) => new(IpFamily.IPv6, address.Value);

    /// <summary>The same address plus an offset, wrapping at the family's end.</summary>
    public IpAddress Add(uint offset) =>
        Family == IpFamily.IPv4 ? new Ipv4Address((uint)Value + offset) : new Ipv6Address(unchecked(Value + offset));

    /// <exception cref="InvalidOperationException">The address is IPv6.</exception>
    public Ipv4Address ToIpv4() =>
        Family == IpFamily.IPv4
            ? new((uint)Value)
            : throw new InvalidOperationException($"{this} is not an IPv4 address");

    /// <exception cref="InvalidOperationException">The address is IPv4.</exception>
    public Ipv6Address ToIpv6() =>
        Family == IpFamily.IPv6 ? new(Value) : throw new InvalidOperationException($"{this} is not an IPv6 address");

    /// <summary>Reads 4 bytes (IPv4) or 16 bytes (IPv6) in wire order.</summary>
    /// <exception cref="ArgumentException">Another length.</exception>
    public static IpAddress Read(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        Ipv4Address.Length => Ipv4Address.Read(bytes),
        Ipv6Address.Length => Ipv6Address.Read(bytes),
        _ => throw new ArgumentException($"an IP address has 4 or 16 bytes, not {bytes.Length}", nameof(bytes)),
    };

    /// <summary>Writes the address in wire order and says how many bytes that were: 4 or 16.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The destination is shorter than that.</exception>
    public int Write(Span<byte> destination)
    {
        if (Family == IpFamily.IPv4)
        {
            ToIpv4().Write(destination);
            return Ipv4Address.Length;
        }

        // Not ToIpv6: a default value, of neither family, must print too, as the exception's message does.
        new Ipv6Address(Value).Write(destination);
        return Ipv6Address.Length;
    }

    /// <summary>Reads dotted-quad IPv4 or RFC 4291 IPv6 text; zone ids and short IPv4 forms are refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out IpAddress address)
    {
        address = default;
        if (!IPAddress.TryParse(text, out IPAddress? parsed)) return false;
        if (parsed.AddressFamily == AddressFamily.InterNetwork)
        {
            // IPAddress also takes "10.1" and "0x0a000001", which nobody means in a configuration file.
            if (parsed.ToString() != text) return false;
        }
        else if (text.Contains('%') || text.Contains('[')) return false;

        address = Of(parsed);
        return true;
    }

    /// <summary>The address that .NET has.</summary>
    public static IpAddress Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[Ipv6Address.Length];
        _ = address.TryWriteBytes(bytes, out int written);
        return Read(bytes[..written]);
    }

    /// <summary>The address as .NET has it.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[Ipv6Address.Length];
        return new IPAddress(bytes[..Write(bytes)]);
    }

    /// <exception cref="FormatException">Not an IPv4 or IPv6 address.</exception>
    public static IpAddress Parse(string text) =>
        TryParse(text, out IpAddress address)
            ? address
            : throw new FormatException($"'{text}' is not an IP address such as 192.0.2.1 or 2001:db8::1");

    public override string ToString() => ToIPAddress().ToString();
}
