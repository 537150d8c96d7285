using Overlay.Wire.Values;

namespace Overlay.Cni.Wiring;

/// <summary>An address of the pod's interface, and the gateway of its subnet.</summary>
/// <param name="Address">The pod's.</param>
/// <param name="PrefixLength">Of the subnet.</param>
/// <param name="Gateway">The bridge's address there, or null where there is none.</param>
public sealed record InterfaceAddress(IpAddress Address, int PrefixLength, IpAddress? Gateway);
