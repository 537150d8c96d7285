using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;

namespace Overlay.Daemon.Lifecycle;

/// <summary>The lease that this node announces, and the VTEP MACs in it.</summary>
internal static class OwnLease
{
    public static Lease Of(OverlayOptions options, UnderlayInterface underlay, Vtep vtep) => new()
    {
        Node = options.NodeName,
        Subnet = options.Subnet,
        SubnetV6 = options.SubnetV6,
        PublicIp = underlay.PublicIp(options),
        PublicIpV6 = underlay.PublicIpV6(options),
        BackendData = underlay.Ipv4 is null ? null : new VtepData(vtep.Vni, vtep.Mac),
        BackendV6Data = underlay.Ipv6 is null ? null : new VtepData(vtep.Vni, vtep.MacV6),
    };

    /// <summary>
    /// The MACs of this node's VTEP: peers know those that were published, but only if this host published them.
    /// </summary>
    public static VtepMacs ChooseMacs(NodePlan plan, VtepMacStore store)
    {
        bool wasOurs = plan.Known?.PublicAddresses.Any(
            a => plan.Underlay.Addresses.Contains(a)
                || a == plan.Options.PublicIp || a == plan.Options.PublicIpV6) == true;
        return store.LoadOrChoose(wasOurs ? plan.Known : null);
    }
}
