using Overlay.Wire.Values;

namespace Overlay.Cni.Wiring;

/// <summary>
/// A hardware address made of an IP address. Whoever has the IP address next has the same hardware address, so what
/// neighbours remember of it stays true even where an announcement is lost.
/// </summary>
/// <remarks>
/// IPv4: <c>0a:58</c> and the address, as other plugins make it. IPv6: <c>0e</c> and 40 bits, which differ wherever the
/// last 40 bits of two addresses of a subnet differ. Both prefixes say unicast and locally administered.
/// </remarks>
internal static class StableMac
{
    private const ulong Ipv4Prefix = 0x0a58_0000_0000;
    private const ulong Ipv6Prefix = 0x0e00_0000_0000;
    private const ulong Mask = 0xff_ffff_ffff;

    /// <summary>The hardware address of a bridge that has this address.</summary>
    public static MacAddress Of(IpAddress address) => address.Family == IpFamily.IPv4
        ? new(Ipv4Prefix | (uint)address.Value)
        : new(Ipv6Prefix | Mix(address.Value));

    /// <summary>The hardware address of a pod, which is never that of its gateway's bridge.</summary>
    public static MacAddress Of(IpAddress address, IpAddress? gateway)
    {
        MacAddress own = Of(address);
        if (address.Family == IpFamily.IPv4 || gateway is not { } other || other == address || Of(other) != own)
            return own;

        // A collision of one pair of addresses in 2^40: any other bit will do.
        return new(Ipv6Prefix | (Mix(address.Value) ^ 1));
    }

    // Addresses of one subnet differ in their last bits as a rule; what stands before them moves all of those alike.
    private static ulong Mix(UInt128 value)
    {
        ulong before = (ulong)(value >> 40) * 0x9e37_79b9_7f4a_7c15;
        before ^= (ulong)(value >> 104) * 0xc2b2_ae3d_27d4_eb4f;
        return ((ulong)value ^ (before >> 24)) & Mask;
    }
}
