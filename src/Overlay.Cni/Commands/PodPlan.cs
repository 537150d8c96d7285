using Overlay.Cni.Configuration;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;
using Overlay.Host.Files;
using Overlay.Pods.Allocations;
using Overlay.Pods.Ranges;
using Overlay.Wire.Values;

namespace Overlay.Cni.Commands;

/// <summary>What a pod of this network gets, once the node's subnet file is known.</summary>
/// <param name="RangeSets">Of our own IPAM; empty for another plugin's.</param>
/// <param name="Routes">Without default routes that the gateway setting makes.</param>
/// <param name="Mtu">Bytes.</param>
/// <param name="Former">The pod CIDRs that the node had before.</param>
internal sealed record PodPlan(
    IReadOnlyList<RangeSet> RangeSets, IReadOnlyList<PodRoute> Routes, uint Mtu, FormerPodCidrs Former)
{
    // What one UDP send holds over IPv4, and what VXLAN puts around a pod's packet: 8 bytes, and 14 of inner Ethernet.
    private const uint DatagramLimit = 65507;
    private const uint FrameOverhead = 22;

    /// <summary>Most segments of a super-packet which the daemon still sends on in one piece.</summary>
    public uint SegmentLimit => DatagramLimit / (Mtu + FrameOverhead);

    /// <summary>The bridge's addresses for these pods: each range set's gateway.</summary>
    public IReadOnlyList<PodAddress> Gateways()
    {
        List<PodAddress> gateways = [];
        foreach (RangeSet set in RangeSets)
        {
            AddressRange first = set.Ranges[0];
            gateways.Add(new(first.Start, first.Subnet.Length, first.Gateway));
        }

        return gateways;
    }

    /// <exception cref="CniException">
    /// Code 11: the subnet file is needed and not there yet; code 7: its ranges are too small.
    /// </exception>
    public static PodPlan For(NetworkConfiguration configuration)
    {
        IpamSettings ipam = configuration.Ipam;
        bool ofNode = ipam.IsOwn && ipam.RangeSets.Count == 0;
        SubnetFile? node = ofNode || configuration.Mtu == 0 ? SubnetEnvironment.Read(configuration.SubnetFile) : null;
        uint mtu = configuration.Mtu > 0 ? configuration.Mtu : node!.Mtu;
        if (!ofNode) return new(ipam.RangeSets, ipam.Routes, mtu, FormerPodCidrs.None);

        List<RangeSet> sets = [];
        List<PodRoute> routes = [.. ipam.Routes];
        try
        {
            foreach (IpPrefix subnet in node!.PodCidrs) sets.Add(new([new AddressRange(subnet)]));
        }
        catch (FormatException exception)
        {
            throw new CniException(
                CniErrorCode.InvalidConfiguration, $"{configuration.SubnetFile}: {exception.Message}");
        }

        foreach (IpPrefix network in node.Networks) routes.Add(new(network, null, node.Mtu));
        return new(sets, routes, mtu, new(
            node.Networks,
            subnet => AddressStore.HasHolder(configuration.Ipam.DataDirectory, address =>
                subnet.Contains(address) && !node.PodCidrs.Any(cidr => cidr.Contains(address)))));
    }
}
