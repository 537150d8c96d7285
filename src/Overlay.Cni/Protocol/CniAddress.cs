using Overlay.Pods.Allocations;
using Overlay.Wire.Values;

namespace Overlay.Cni.Protocol;

/// <summary>A pod's address as a result names it.</summary>
/// <param name="Address">The pod's.</param>
/// <param name="PrefixLength">Of its subnet.</param>
/// <param name="Gateway">Null where there is none.</param>
/// <param name="Interface">Index into the interfaces; null where the plugin names none.</param>
internal sealed record CniAddress(IpAddress Address, int PrefixLength, IpAddress? Gateway, int? Interface) : PodAddress(
    Address, PrefixLength, Gateway);
