using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Leases;

/// <summary>A node's request for its pod CIDRs. Immutable.</summary>
/// <param name="Node">Its name.</param>
/// <param name="PublicIp">Its IPv4 underlay address, by which etcd recognizes it.</param>
/// <param name="PublicIpV6">Its IPv6 underlay address.</param>
/// <param name="Configured">The configured pod CIDRs.</param>
/// <param name="Previous">
/// The pod CIDRs of the last run, by its state or by flannel's subnet.env; null when there is no trace of them.
/// </param>
public sealed record PodCidrRequest(
    string Node, IpAddress? PublicIp, IpAddress? PublicIpV6, PodCidrs Configured, PodCidrs? Previous)
{
    /// <summary>
    /// The MAC of its VTEPs, by which etcd tells its keys from those of another node with its address; null before it
    /// has one.
    /// </summary>
    public MacAddress? VtepMac { get; init; }

    /// <summary>The MAC of its IPv6 VTEP; null where that is the same.</summary>
    public MacAddress? VtepMacV6 { get; init; }
}
