using Overlay.Wire.Values;

namespace Overlay.Pods.Allocations;

/// <summary>An address given to a pod.</summary>
/// <param name="Address">The pod's.</param>
/// <param name="PrefixLength">Of its subnet.</param>
/// <param name="Gateway">Of its subnet.</param>
public sealed record AllocatedAddress(IpAddress Address, int PrefixLength, IpAddress Gateway);
