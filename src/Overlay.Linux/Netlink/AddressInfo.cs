using Overlay.Wire;

namespace Overlay.Linux;

/// <summary>An address assigned to a device.</summary>
/// <param name="LinkIndex">The device.</param>
/// <param name="Address">The address itself, host bits included.</param>
/// <param name="PrefixLength">Length of the network it lies in.</param>
/// <param name="IsGlobal">Scope global: neither link-local nor host.</param>
/// <param name="IsUsable">Not tentative, deprecated or temporary: fit to be advertised.</param>
public sealed record AddressInfo(int LinkIndex, IpAddress Address, int PrefixLength, bool IsGlobal, bool IsUsable)
{
    /// <summary>The network it lies in.</summary>
    public IpPrefix Network => new(Address, PrefixLength);
}
