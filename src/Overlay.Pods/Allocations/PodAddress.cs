using Overlay.Wire.Values;

namespace Overlay.Pods.Allocations;

/// <summary>An address of a pod, with the subnet it was given from.</summary>
/// <param name="Address">The pod's.</param>
/// <param name="PrefixLength">Of its subnet.</param>
/// <param name="Gateway">Of its subnet; null where another plugin names none.</param>
public record PodAddress(IpAddress Address, int PrefixLength, IpAddress? Gateway);
