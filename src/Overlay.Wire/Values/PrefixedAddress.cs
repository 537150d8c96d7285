using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Overlay.Wire.Values;

/// <summary>An address with the length of its subnet, such as <c>10.244.1.7/24</c>.</summary>
public static class PrefixedAddress
{
    public static bool TryParse([NotNullWhen(true)] string? text, out IpAddress address, out int length)
    {
        address = default;
        length = 0;
        string[] parts = text?.Split('/') ?? [];
        return parts.Length == 2 && IpAddress.TryParse(parts[0], out address)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out length)
            && length <= address.Bits;
    }
}
