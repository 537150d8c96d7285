using Overlay.Lab.Namespaces;

namespace Overlay.Lab.Topology;

/// <summary>
/// The Ethernet switch between the nodes. The nodes' default route leads to its own address, so it also plays every
/// host outside the cluster; it does not route.
/// </summary>
public sealed class UnderlaySwitch : NetworkNamespace
{
    private const string BridgeName = "switch";

    private readonly LabOptions _options;

    internal UnderlaySwitch(LabScope scope, LabOptions options)
        : base(scope, BridgeName)
    {
        _options = options;
        Set("net/ipv4/ip_forward", "0");
        Ip($"link add {BridgeName} address 02:00:00:00:00:fe mtu {options.UnderlayMtu} "
                + "type bridge stp_state 0 mcast_snooping 0",
            $"link set {BridgeName} up");
        if (options.Underlay.HasFlag(AddressFamilies.V4))
        {
            Ip($"address add {LabAddresses.OutsideV4}/{LabAddresses.UnderlayLengthV4} dev {BridgeName}");
        }

        if (options.Underlay.HasFlag(AddressFamilies.V6))
        {
            Ip($"address add {LabAddresses.OutsideV6}/{LabAddresses.UnderlayLengthV6} dev {BridgeName} nodad");
        }
    }

    /// <summary>Cables a node's eth0 to a port of its name.</summary>
    internal Link Connect(NetworkNamespace node, string port)
    {
        int mtu = _options.UnderlayMtu;
        Ip($"link add {port} mtu {mtu} type veth peer name eth0 netns {node.Namespace} mtu {mtu}",
            $"link set {port} master {BridgeName} up");
        node.Ip("link set eth0 up");
        return new Link(node, "eth0", this, port);
    }

    /// <summary>Pulls the other node's cable out of its port and plugs it into this node's eth0.</summary>
    internal Link Bypass(NetworkNamespace node, Node other)
    {
        string port = Node.PortOf(other.Name);
        Ip($"link set {port} nomaster netns {node.Namespace}");
        node.Ip($"link set {port} down", $"link set {port} name eth0", "link set eth0 up");
        other.Link.Replug(node, "eth0");
        return new Link(node, "eth0", other, "eth0");
    }
}
