using System.Globalization;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Options;

/// <summary>The names that devices of a network have on a host: ours, and flannel's of the same number.</summary>
internal static class DeviceNames
{
    // A device name has 15 bytes; without its dot there is room for the eight digits of the largest VNIs.
    private const uint FirstWithoutDot = 10_000_000;

    /// <summary>The TUN of that network.</summary>
    public static string Of(Vni vni) => vni.Value < FirstWithoutDot ? $"overlay.{vni}" : $"overlay{vni}";

    /// <summary>flannel's VXLAN devices of that network. For the largest VNIs flannel can make none.</summary>
    public static IReadOnlyList<string> OfFlannel(Vni vni) => [$"flannel.{vni}", $"flannel-v6.{vni}"];

    /// <summary>The TUN of the network of that number; null when no network has it.</summary>
    public static string? Find(string number) =>
        uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out uint value)
        && value <= Vni.Max && $"{value}" == number ? Of(new Vni(value)) : null;
}
