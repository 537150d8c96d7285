using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

/// <summary>An address assigned to a device.</summary>
/// <param name="LinkIndex">The device.</param>
/// <param name="Address">The address itself, host bits included.</param>
/// <param name="PrefixLength">Length of the network it lies in.</param>
/// <param name="IsGlobal">Scope global: neither link-local nor host.</param>
/// <param name="IsUsable">Not tentative, deprecated or temporary: fit to be advertised.</param>
/// <param name="IsTentative">Duplicate address detection (RFC 4862 section 5.4) is still under way.</param>
/// <param name="IsSecondary">The device has another IPv4 address of the same network, which came before.</param>
public sealed record AddressInfo(
    int LinkIndex, IpAddress Address, int PrefixLength, bool IsGlobal, bool IsUsable, bool IsTentative = false,
    bool IsSecondary = false)
{
    /// <summary>Its prefix has no room for another host: no network, but this address alone.</summary>
    public bool IsSingle => PrefixLength == Address.Bits;

    /// <summary>The network it lies in.</summary>
    public IpPrefix Network => new(Address, PrefixLength);
}
