using System.Buffers.Binary;
using System.Numerics;

namespace Overlay.Wire.Values;

/// <summary>An IPv4 address as a number in host byte order: 10.0.0.1 is 0x0a000001.</summary>
public readonly record struct Ipv4Address(uint Value) : IComparisonOperators<Ipv4Address, Ipv4Address, bool>
{
    /// <summary>Bytes on the wire.</summary>
    public const int Length = 4;

    /// <summary>Reads four bytes in wire order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than four bytes.</exception>
    public static Ipv4Address Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt32BigEndian(bytes));

    /// <summary>Writes four bytes in wire order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than four bytes.</exception>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt32BigEndian(destination, Value);

    public static bool operator <(Ipv4Address left, Ipv4Address right) => left.Value < right.Value;

    public static bool operator >(Ipv4Address left, Ipv4Address right) => left.Value > right.Value;

    public static bool operator <=(Ipv4Address left, Ipv4Address right) => left.Value <= right.Value;

    public static bool operator >=(Ipv4Address left, Ipv4Address right) => left.Value >= right.Value;

    public override string ToString() => ((IpAddress)this).ToString();
}
