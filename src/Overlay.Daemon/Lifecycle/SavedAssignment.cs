using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Lifecycle;

/// <summary>What the store gave an earlier run of this node, from the state directory and subnet.env.</summary>
/// <param name="configured">The configuration as it is.</param>
/// <param name="store">The store that is configured now.</param>
/// <param name="file">The state directory's record.</param>
internal sealed class SavedAssignment(OverlayOptions configured, StoreLocation store, AssignmentFile file)
{
    /// <summary>
    /// The assignment of an earlier run; null where this store gives none, or gave none that is still known.
    /// </summary>
    public Assignment? Load() =>
        configured.ControlPlane.GivesPodCidrs
            && file.Load() is { } last && last.Store == store ? last with { PodCidrs = PodCidrsOf(last) } : null;

    /// <summary>The pod CIDRs to ask for: those this node had, whoever gave them.</summary>
    public PodCidrs? Wish() => NodeSubnetFile.Find(configured.SubnetFile) ?? file.Load()?.PodCidrs;

    /// <summary>Keeps what a start without the store needs.</summary>
    public void Save(NodeSettings settings, OverlayOptions options) =>
        file.Save(new Assignment(store, settings, new PodCidrs(options.Subnet, options.SubnetV6)));

    // Ours is deleted at a stop: one that is there is of a run that was killed, or flannel's, which has run since.
    private PodCidrs PodCidrsOf(Assignment last)
    {
        NetworkSettings? network = last.Settings.Network;
        return NodeSubnetFile.Find(configured.SubnetFile) is { } written
            && MayBe(written.Ipv4, last.PodCidrs.Ipv4, network?.Cidr ?? configured.Network.Cidr)
            && MayBe(written.Ipv6, last.PodCidrs.Ipv6, network?.CidrV6 ?? configured.Network.CidrV6)
            ? written
            : last.PodCidrs;

        static bool MayBe(IpPrefix? written, IpPrefix? given, IpPrefix? cluster) =>
            written is { } prefix ? cluster is { } all && all.Contains(prefix) : given is null;
    }
}
