using System.Net;
using Overlay.Lab.Namespaces;

namespace Overlay.Lab.Topology;

/// <summary>A pod: a namespace with eth0 on its node's bridge and a default route to the node.</summary>
public sealed class Pod : NetworkNamespace
{
    internal Pod(LabScope scope, Node node, int number)
        : base(scope, $"{node.Name}-p{number}")
    {
        Node = node;
        Number = number;
        Name = $"{node.Name}-p{number}";
        HostDevice = $"vethp{number}";
        int mtu = node.Options.EffectivePodMtu;
        node.Ip($"link add {HostDevice} mtu {mtu} type veth peer name eth0 netns {Namespace} mtu {mtu}",
            $"link set {HostDevice} master cni0 up");
        Ip("link set eth0 up");
        if (node.PodCidrV4 is IPNetwork v4)
        {
            AddressV4 = LabAddresses.PodV4(node.Index, number);
            Ip($"address add {AddressV4}/{v4.PrefixLength} dev eth0",
                $"route add default via {LabAddresses.GatewayV4(node.Index)}");
        }

        if (node.PodCidrV6 is IPNetwork v6)
        {
            AddressV6 = LabAddresses.PodV6(node.Index, number);
            Ip($"address add {AddressV6}/{v6.PrefixLength} dev eth0 nodad",
                $"route add default via {LabAddresses.GatewayV6(node.Index)} dev eth0");
        }
    }

    public Node Node { get; }

    /// <summary>1 for the node's first; another pod may have it once this one is gone.</summary>
    public int Number { get; }

    /// <summary>"a-p1": the first pod of node a.</summary>
    public string Name { get; }

    /// <summary>The end of the pod's veth on the node's bridge.</summary>
    public string HostDevice { get; }

    public IPAddress? AddressV4 { get; }

    public IPAddress? AddressV6 { get; }

    /// <summary>One address a family, IPv4 first.</summary>
    public IEnumerable<IPAddress> Addresses => new[] { AddressV4, AddressV6 }.OfType<IPAddress>();
}
