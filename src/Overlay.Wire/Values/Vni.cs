namespace Overlay.Wire.Values;

/// <summary>A VXLAN Network Identifier: 24 bits (RFC 7348 section 4).</summary>
public readonly record struct Vni
{
    /// <summary>The largest identifier, 2^24 - 1.</summary>
    public const uint Max = 0xff_ffff;

    /// <exception cref="ArgumentOutOfRangeException">The value does not fit 24 bits.</exception>
    public Vni(uint value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Max);
        Value = value;
    }

    /// <summary>The identifier in host byte order, 0 to 2^24 - 1.</summary>
    public uint Value { get; }

    public override string ToString() => Value.ToString();
}
