using Overlay.Wire;

namespace Overlay.Dataplane;

/// <summary>One underlay address of a peer node and the MAC its frames must carry; Linux's <c>vxlan_rdst</c>.</summary>
/// <param name="Node">The peer's name; a node with an IPv4 and an IPv6 underlay has two VTEPs of that name.</param>
/// <param name="Address">Outer destination of what we send, outer source of what it sends.</param>
/// <param name="Mac">Inner destination MAC.</param>
public sealed record RemoteVtep(string Node, IpAddress Address, MacAddress Mac);
