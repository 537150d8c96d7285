using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Options;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Lifecycle;

/// <summary>Whether this node would take what another node holds already: who held it first keeps it.</summary>
internal static class OwnLeaseConflict
{
    /// <param name="own">What this node is about to publish.</param>
    /// <param name="known">What the store still has of this node: held before, so not taken now.</param>
    /// <param name="withdrawn">What it withdrew just now: held against those that waited for it then.</param>
    /// <param name="peers">The other nodes.</param>
    /// <exception cref="ConfigurationException">A pod CIDR or public address is another node's.</exception>
    public static void Check(Lease own, Lease? known, WithdrawnClaim? withdrawn, PeersSnapshot peers)
    {
        List<string> faults = [];
        foreach (PeerLease peer in peers.Peers)
        {
            Lease? kept = withdrawn?.Rivals.Contains(peer.Lease) == true ? withdrawn.Own : null;
            foreach (IpPrefix mine in own.PodCidrs.Where(p => !Has(known?.PodCidrs, p) && !Has(kept?.PodCidrs, p)))
            {
                foreach (IpPrefix theirs in peer.Lease.PodCidrs.Where(mine.Overlaps))
                {
                    string key = mine.Family == IpFamily.IPv4 ? "Subnet" : "SubnetV6";
                    faults.Add(
                        $"Overlay:{key} '{mine}' of node {own.Node} overlaps {theirs} of node {peer.Lease.Node}, "
                        + "which held it first; example: a prefix of the cluster CIDR that no node has");
                }
            }

            foreach (IpAddress address in own.PublicAddresses.Where(
                a => !Has(known?.PublicAddresses, a) && !Has(kept?.PublicAddresses, a)))
            {
                if (!peer.Lease.PublicAddresses.Contains(address)) continue;
                string key = address.Family == IpFamily.IPv4 ? "PublicIp" : "PublicIpV6";
                faults.Add(
                    $"Overlay:{key} '{address}' of node {own.Node} is the public address of node {peer.Lease.Node} "
                    + "too; example: an address that only this node has");
            }
        }

        if (faults.Count > 0) throw new ConfigurationException(faults);
    }

    private static bool Has<T>(IEnumerable<T>? held, T one) => held?.Contains(one) == true;
}
