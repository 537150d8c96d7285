using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

/// <summary>A network device as the kernel describes it.</summary>
/// <param name="Index">Interface index.</param>
/// <param name="Name">Interface name.</param>
/// <param name="Mtu">Bytes of the largest network-layer packet.</param>
/// <param name="IsUp">IFF_UP: administratively up.</param>
/// <param name="Kind">Driver, such as <c>tun</c>, <c>veth</c>, <c>vxlan</c>; empty for a physical device.</param>
/// <param name="Address">Hardware address; zero where it is none of Ethernet's.</param>
/// <param name="MasterIndex">The bridge or bond it is a port of, or 0.</param>
/// <param name="Alias">A text for people, of whoever made it; empty for none.</param>
/// <param name="HasCarrier">A TUN has it while a process has one of its queues open.</param>
public sealed record LinkInfo(
    int Index, string Name, int Mtu, bool IsUp, string Kind, MacAddress Address = default, int MasterIndex = 0,
    string Alias = "", bool HasCarrier = false);
