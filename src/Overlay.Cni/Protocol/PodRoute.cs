using Overlay.Wire.Values;

namespace Overlay.Cni.Protocol;

/// <summary>A route in the pod's namespace.</summary>
/// <param name="Destination">What it leads to.</param>
/// <param name="Gateway">Null: the gateway of the interface's address of that family.</param>
/// <param name="Mtu">Bytes; 0 = the interface's.</param>
internal sealed record PodRoute(IpPrefix Destination, IpAddress? Gateway, uint Mtu = 0);
