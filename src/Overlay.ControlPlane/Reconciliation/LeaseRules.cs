using Overlay.ControlPlane.Leases;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>The rules a peer's lease is held to by itself, without a look at other peers.</summary>
internal sealed class LeaseRules
{
    private readonly Lease _own;
    private readonly AddressPlan _plan;
    private readonly Vni _vni;

    /// <exception cref="ArgumentException">The own lease lacks a VTEP, its MAC or its address.</exception>
    public LeaseRules(Lease own, AddressPlan plan)
    {
        _own = own;
        _plan = plan;
        _vni = own.Vteps.FirstOrDefault()?.Vni
            ?? throw new ArgumentException($"the lease of this node {own.Node} has no VTEP", nameof(own));
        if (own.Vteps.Any(static vtep => vtep.Mac is null) || !own.PublicAddresses.Any())
            throw new ArgumentException(
                $"the lease of this node {own.Node} lacks a VTEP MAC or a public address", nameof(own));
    }

    public PeerLease Check(Lease lease) =>
        Refusal(lease) is { } refusal ? new(lease, LeaseVerdict.Refused, refusal)
        : Missing(lease) is { } missing ? new(lease, LeaseVerdict.NotReady, missing)
        : new(lease, LeaseVerdict.Accepted, NotCarried(lease));

    /// <summary>The pod CIDRs of families that have a cluster CIDR here.</summary>
    public IEnumerable<IpPrefix> CarriedPodCidrs(Lease lease) =>
        lease.PodCidrs.Where(prefix => _plan.ClusterCidrOf(prefix.Family) is not null);

    private string? Refusal(Lease lease) =>
        BackendRefusal(lease)
        ?? lease.PublicAddresses.Select(address => AddressRefusal(lease, address))
            .FirstOrDefault(static reason => reason is not null)
        ?? UnderlayRefusal(lease)
        ?? PodCidrRefusal(lease);

    private string? BackendRefusal(Lease lease)
    {
        if (!lease.BackendType.Equals(Lease.Vxlan, StringComparison.OrdinalIgnoreCase))
            return $"node {lease.Node} has backend type {ShownText.Of(lease.BackendType)}, this node {_own.Node} has "
                + Lease.Vxlan;
        foreach (VtepData vtep in lease.Vteps)
        {
            if (vtep.Vni is { } vni && vni != _vni) return VniRefusal(lease.Node, vni);
            if (vtep.Mac is not { } mac) continue;
            if (mac.IsZero || mac.IsMulticast)
                return $"VTEP MAC {mac} of node {lease.Node} is no unicast MAC such as this node {_own.Node}'s "
                    + $"{_own.Vteps.First().Mac}";
            if (_own.Vteps.Any(own => own.Mac == mac))
                return $"VTEP MAC {mac} of node {lease.Node} is also that of this node {_own.Node}, as on cloned machines: "
                    + $"on one of the two write another, such as {{\"VtepMAC\":\"{Another(mac)}\"}}, into vtep.json in "
                    + "the state directory (/var/lib/overlay) and restart overlayd";
        }

        return null;
    }

    // flannel before 0.24 holds the VNI of a lease in 16 bits: it announces the rest of ours, and cannot read ours.
    private string VniRefusal(string node, Vni vni)
    {
        string refusal = $"node {node} has VNI {vni}, this node {_own.Node} has {_vni}";
        return _vni.Value > ushort.MaxValue && vni.Value == (ushort)_vni.Value
            ? $"{refusal}: flannel < 0.24 cannot carry VNI {_vni}; update flannel there, or give the network a VNI up "
                + $"to {ushort.MaxValue}"
            : refusal;
    }

    // A MAC that differs from node to node: each of several clones is given another one.
    private MacAddress Another(MacAddress mac)
    {
        const int LowBytes = 0xff_ffff;
        uint hash = 1;
        foreach (char c in _own.Node) hash = (hash * 31) + c;
        return new MacAddress(mac.Value ^ (hash & LowBytes));
    }

    private string? AddressRefusal(Lease lease, IpAddress address)
    {
        if (!VtepAddress.IsUsable(address))
            return $"public address {address} of node {lease.Node} is no address this node {_own.Node} can send to";
        if (_own.PublicAddresses.Contains(address))
            return $"public address {address} of node {lease.Node} is also that of this node {_own.Node}";
        return _plan.ClusterCidrOf(address.Family) is { } cluster && cluster.Contains(address)
            ? $"public address {address} of node {lease.Node} is inside the cluster CIDR {cluster}: the tunnel would "
                + "run through itself"
            : null;
    }

    private string? UnderlayRefusal(Lease lease)
    {
        bool common = (lease.PublicIp is not null && _own.PublicIp is not null)
            || (lease.PublicIpV6 is not null && _own.PublicIpV6 is not null);
        if (common || !lease.PublicAddresses.Any()) return null;
        IpAddress theirs = lease.PublicAddresses.First();
        IpAddress ours = _own.PublicAddresses.First();
        return $"node {lease.Node} has only an {theirs.Family} VTEP ({theirs}), this node {_own.Node} only an "
            + $"{ours.Family} underlay ({ours})";
    }

    private string? PodCidrRefusal(Lease lease)
    {
        foreach (IpPrefix podCidr in CarriedPodCidrs(lease))
        {
            foreach (IpPrefix services in _plan.ServiceCidrs.Where(services => services.Overlaps(podCidr)))
                return $"pod CIDR {podCidr} of node {lease.Node} overlaps the service CIDR {_plan.Names.Services} "
                    + $"{services}: a ClusterIP and a pod could be one address";
            if (_plan.CheckPodCidr($"node {lease.Node}'s pod CIDR", podCidr) is { } outside) return outside;
            foreach (IpPrefix own in _own.PodCidrs.Where(own => own.Overlaps(podCidr)))
                return $"pod CIDR {podCidr} of node {lease.Node} overlaps {own} of this node {_own.Node}";
        }

        // A lease of a family this node does not carry at all; where the other family is carried, that part stands.
        return lease.PodCidrs.Any() && !CarriedPodCidrs(lease).Any() ? NotCarried(lease) : null;
    }

    private string? NotCarried(Lease lease) =>
        lease.PodCidrs.Except(CarriedPodCidrs(lease))
            .Select(prefix => _plan.CheckPodCidr($"node {lease.Node}'s pod CIDR", prefix)).FirstOrDefault();

    private string? Missing(Lease lease)
    {
        if (!lease.PodCidrs.Any()) return $"node {lease.Node} has no pod CIDR yet";
        if (!lease.PublicAddresses.Any()) return $"node {lease.Node} has no public address yet";

        // An IPv4 VTEP both sides could use but that has no MAC yet is waited for, even if an IPv6 one is ready: the
        // peer is about to say which. An IPv6 VTEP without a MAC is not: its pods go over IPv4 meanwhile.
        PeerVteps vteps = PeerVteps.Of(lease, _own);
        bool ipv4Pending = lease.PublicIp is not null && _own.PublicIp is not null && vteps.Ipv4 is null;
        return ipv4Pending || vteps.ForSubnet is null ? $"node {lease.Node} has no VTEP MAC yet" : null;
    }
}
