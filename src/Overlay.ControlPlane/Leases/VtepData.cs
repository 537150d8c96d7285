using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Leases;

/// <summary>The announcement of one VTEP besides its address: flannel's <c>backend-data</c>.</summary>
/// <param name="Vni">
/// The network the VTEP carries; null where the node does not say, as flannel before 0.14: this node's own is meant.
/// </param>
/// <param name="Mac">
/// Inner destination MAC of frames for it; null while the node has not announced one (an empty VtepMAC: not ready).
/// </param>
public sealed record VtepData(Vni? Vni, MacAddress? Mac);
