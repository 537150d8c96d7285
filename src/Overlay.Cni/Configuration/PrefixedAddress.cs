using System.Globalization;
using Overlay.Wire.Values;

namespace Overlay.Cni.Configuration;

/// <summary>An address with the length of its subnet, such as <c>10.244.1.7/24</c>.</summary>
public static class PrefixedAddress
{
    public static bool TryParse(string text, out IpAddress address, out int length)
    {
        address = default;
        length = 0;
        string[] parts = text.Split('/');
        return parts.Length == 2 && IpAddress.TryParse(parts[0], out address)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out length) && length <= address.Bits;
    }
}
