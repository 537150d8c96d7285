using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Leases;

/// <summary>What a node asks for its pod CIDRs with. Immutable.</summary>
/// <param name="Node">Its name.</param>
/// <param name="PublicIp">Its IPv4 underlay address, by which etcd knows it again.</param>
/// <param name="PublicIpV6">Its IPv6 underlay address.</param>
/// <param name="Configured">What <c>Overlay:Subnet</c> and <c>SubnetV6</c> say.</param>
/// <param name="Previous">What it had the last time, by its state or by flannel's subnet.env; null when there is no trace of it.</param>
public sealed record PodCidrRequest(string Node, IpAddress? PublicIp, IpAddress? PublicIpV6, PodCidrs Configured, PodCidrs? Previous)
{
    /// <summary>The MAC of its VTEPs, by which etcd tells its keys from those of another node with its address; null before it has one.</summary>
    public MacAddress? VtepMac { get; init; }
}
