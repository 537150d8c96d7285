using Overlay.Wire.Values;

namespace Overlay.Cni.Wiring;

/// <summary>
/// A hardware address made of an IP address: <c>0a:58</c> and its last four bytes. Whoever has the IP address next has
/// the same hardware address, so what neighbours remember of it stays true even where an announcement is lost.
/// </summary>
internal static class StableMac
{
    private const ulong Prefix = 0x0a58_0000_0000;

    public static MacAddress Of(IpAddress address) => new(Prefix | (uint)address.Value);
}
