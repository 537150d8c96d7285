using System.Buffers.Binary;
using System.Numerics;

namespace Overlay.Wire.Values;

/// <summary>An IPv6 address as a 128-bit number in host byte order.</summary>
public readonly record struct Ipv6Address(UInt128 Value) : IComparisonOperators<Ipv6Address, Ipv6Address, bool>
{
    /// <summary>Bytes on the wire.</summary>
    public const int Length = 16;

    /// <summary>Reads sixteen bytes in wire order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than sixteen bytes.</exception>
    public static Ipv6Address Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>Writes sixteen bytes in wire order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than sixteen bytes.</exception>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, Value);

    public static bool operator <(Ipv6Address left, Ipv6Address right) => left.Value < right.Value;

    public static bool operator >(Ipv6Address left, Ipv6Address right) => left.Value > right.Value;

    public static bool operator <=(Ipv6Address left, Ipv6Address right) => left.Value <= right.Value;

    public static bool operator >=(Ipv6Address left, Ipv6Address right) => left.Value >= right.Value;

    public override string ToString() => ((IpAddress)this).ToString();
}
