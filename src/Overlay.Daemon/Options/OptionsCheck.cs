using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Options;

/// <summary>Whether values that are right by themselves fit together.</summary>
internal static class OptionsCheck
{
    private const int SmallestMtu = 576;
    private const int SmallestMtuV6 = 1280;

    /// <param name="options">All of them.</param>
    /// <param name="root">Section Overlay, which gets the faults.</param>
    public static void Run(OverlayOptions options, SectionReader root)
    {
        if (options.ControlPlane.Kind == ControlPlaneKind.File && !NodeName.IsValidForFile(options.NodeName))
        {
            root.Fault(
                "NodeName", options.NodeName,
                $"is longer than the {NodeName.MaxFileLength} characters a lease file can be named by", "node-a");
        }

        NetworkOptions network = options.Network;
        if (network.Cidr is null && network.CidrV6 is null && !options.ControlPlane.GivesNetwork)
        {
            root.Fault("Network:Cidr", "", "and Overlay:Network:CidrV6 are both empty", "10.244.0.0/16");
            return;
        }

        CheckFamily(options, root, new Family("", network.Cidr, network.SubnetLength, options.Subnet, "10.244.1.0/24"));
        CheckFamily(options, root, new Family(
            "V6", network.CidrV6, network.SubnetLengthV6, options.SubnetV6, "fd00:10:244:1::/64"));

        int smallest = network.CidrV6 is null ? SmallestMtu : SmallestMtuV6;
        if (network.Mtu != 0 && network.Mtu < smallest)
            root.Fault(
                "Network:Mtu", $"{network.Mtu}", $"is less than {smallest}, which every link must carry", "1450");
    }

    private static void CheckFamily(OverlayOptions options, SectionReader root, Family family)
    {
        string subnetKey = $"Subnet{family.Suffix}";
        string clusterKey = $"Overlay:Network:Cidr{family.Suffix}";
        if (family.Cluster is not { } cluster)
        {
            if (family.Subnet is not null && !options.ControlPlane.GivesNetwork)
                root.Fault(subnetKey, $"{family.Subnet}", $"is given, but {clusterKey} is empty", family.Example);
            return;
        }

        // Kubernetes cuts the cluster CIDR up by a length of its own.
        if (options.ControlPlane.Kind == ControlPlaneKind.Kubernetes) return;
        string lengthKey = $"Network:SubnetLength{family.Suffix}";
        if (family.Length <= cluster.Length)
        {
            string example = $"{Math.Min(cluster.Length + 8, cluster.Address.Bits)}";
            root.Fault(lengthKey, $"{family.Length}", $"leaves no room for nodes in {clusterKey} {cluster}", example);
        }
        else if (family.Subnet is null && !options.ControlPlane.GivesPodCidrs)
            root.Fault(subnetKey, "", "is empty, and the file control plane hands out none", family.Example);
        else if (family.Subnet is { } subnet && subnet.Length != family.Length)
            root.Fault(
                subnetKey, $"{subnet}", $"has not the length of Overlay:{lengthKey}, {family.Length}", family.Example);
    }

    private readonly record struct Family(
        string Suffix, IpPrefix? Cluster, int Length, IpPrefix? Subnet, string Example);
}
