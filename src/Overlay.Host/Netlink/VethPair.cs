using Overlay.Host.Namespaces;
using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

/// <summary>A virtual cable: one end here, on a bridge, and the other in another network namespace (veth(4)).</summary>
/// <param name="Name">The end in this namespace.</param>
/// <param name="Bridge">The bridge that end becomes a port of.</param>
/// <param name="PeerNamespace">Where the other end is made.</param>
/// <param name="PeerName">The name of the other end.</param>
/// <param name="PeerAddress">The other end's hardware address.</param>
/// <param name="Mtu">Bytes of the largest packet, of both ends; 0 for the kernel's 1500.</param>
public sealed record VethPair(
    string Name, LinkInfo Bridge, NamespaceHandle PeerNamespace, string PeerName, MacAddress PeerAddress, int Mtu);
