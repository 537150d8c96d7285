using System.Net;
using Overlay.Lab.Topology;

namespace Overlay.Lab.Vxlan;

/// <summary>
/// What flannel makes of a node: a kernel VXLAN device a family, and for each peer a permanent neighbour, a
/// forwarding entry and a route. IPv6 pods travel over the IPv6 underlay only.
/// </summary>
public sealed class KernelVxlan
{
    private readonly Node _node;

    internal KernelVxlan(Node node)
    {
        _node = node;
        Lease = LeaseOf(node);
        if (Lease is { Subnet: IPNetwork v4, VtepMac: string mac, PublicIP: IPAddress address })
        {
            AddDevice(Device, mac, address, $"{v4.BaseAddress}/32", node.Options.UnderlayMtu - 50);
            node.Set($"net/ipv4/conf/{Device}/forwarding", "1");
        }

        if (Lease is { SubnetV6: IPNetwork v6, VtepMacV6: string macV6, PublicIPv6: IPAddress addressV6 })
        {
            AddDevice(DeviceV6, macV6, addressV6, $"{v6.BaseAddress}/128 nodad", node.Options.UnderlayMtu - 70);
            node.Set($"net/ipv6/conf/{DeviceV6}/forwarding", "1");
        }
    }

    /// <summary>This node, as its peers have to know it.</summary>
    public VxlanPeer Lease { get; }

    public string Device => $"flannel.{_node.Options.Vni}";

    public string DeviceV6 => $"flannel-v6.{_node.Options.Vni}";

    /// <summary>The lease of a node with kernel VXLAN; its MACs follow from its number.</summary>
    public static VxlanPeer LeaseOf(Node node)
    {
        bool v4 = node.PodCidrV4 is not null;
        bool v6 = node.PodCidrV6 is not null;
        if ((v4 && node.UnderlayV4 is null) || (v6 && node.UnderlayV6 is null))
        {
            throw new LabException("flannel carries each family over an underlay of the same family only");
        }

        return new VxlanPeer(
            node.PodCidrV4,
            v4 ? node.UnderlayV4 : null,
            v4 ? LabAddresses.VtepMac(node.Index) : null,
            node.PodCidrV6,
            v6 ? node.UnderlayV6 : null,
            v6 ? LabAddresses.VtepMacV6(node.Index) : null);
    }

    /// <summary>Puts this node's lease where the daemons of the other nodes find it.</summary>
    public void PublishLease() => Lease.Write(_node.LeaseFile, _node.Options.Vni);

    /// <summary>Adds or replaces a peer; the order is flannel's.</summary>
    public void AddPeer(VxlanPeer peer)
    {
        if (peer is { Subnet: IPNetwork v4, VtepMac: string mac, PublicIP: IPAddress address })
        {
            AddPeer(Device, v4, mac, address);
        }

        if (peer is { SubnetV6: IPNetwork v6, VtepMacV6: string macV6, PublicIPv6: IPAddress addressV6 })
        {
            AddPeer(DeviceV6, v6, macV6, addressV6);
        }
    }

    public void RemovePeer(VxlanPeer peer)
    {
        if (peer is { Subnet: IPNetwork v4, VtepMac: string mac, PublicIP: IPAddress address })
        {
            RemovePeer(Device, v4, mac, address);
        }

        if (peer is { SubnetV6: IPNetwork v6, VtepMacV6: string macV6, PublicIPv6: IPAddress addressV6 })
        {
            RemovePeer(DeviceV6, v6, macV6, addressV6);
        }
    }

    /// <summary>Removes the devices, and with them every route, neighbour and forwarding entry.</summary>
    public void Remove()
    {
        if (Lease.Subnet is not null)
        {
            _node.Ip($"link delete {Device}");
        }

        if (Lease.SubnetV6 is not null)
        {
            _node.Ip($"link delete {DeviceV6}");
        }
    }

    private void AddDevice(string device, string mac, IPAddress local, string address, int mtu) => _node.Ip(
        $"link add {device} address {mac} mtu {mtu} type vxlan id {_node.Options.Vni} dev eth0 local {local} "
            + $"dstport {_node.Options.Port} nolearning udpcsum",
        $"address add {address} dev {device}",
        $"link set {device} up");

    private void AddPeer(string device, IPNetwork subnet, string mac, IPAddress address)
    {
        _node.Ip($"neighbour replace {subnet.BaseAddress} lladdr {mac} dev {device} nud permanent");
        _node.Bridge($"fdb replace {mac} dev {device} dst {address} self permanent");
        _node.Ip($"route replace {subnet} via {subnet.BaseAddress} dev {device} onlink");
    }

    private void RemovePeer(string device, IPNetwork subnet, string mac, IPAddress address)
    {
        _node.Ip($"neighbour delete {subnet.BaseAddress} dev {device}");
        _node.Bridge($"fdb delete {mac} dev {device} dst {address} self");
        _node.Ip($"route delete {subnet} via {subnet.BaseAddress} dev {device}");
    }
}
