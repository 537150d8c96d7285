using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public class OwnLeaseConflictTests
{
    private static readonly Lease _own = LeaseOf("a", "10.244.1.0/24", "192.0.2.1");

    [Fact]
    public void Peers_with_other_prefixes_and_addresses_are_no_conflict() =>
        Should.NotThrow(
            () => OwnLeaseConflict.Check(_own, null, null, Peers(LeaseOf("b", "10.244.2.0/24", "192.0.2.2"))));

    [Fact]
    public void A_pod_cidr_held_first_by_a_peer_is_refused_with_both_names()
    {
        string fault = Should.Throw<ConfigurationException>(
            () => OwnLeaseConflict.Check(
                _own, null, null, Peers(LeaseOf("b", "10.244.0.0/23", "192.0.2.2")))).Faults.ShouldHaveSingleItem();
        fault.ShouldStartWith("Overlay:Subnet '10.244.1.0/24' of node a overlaps 10.244.0.0/23 of node b");
    }

    [Fact]
    public void A_public_address_of_a_peer_is_refused_with_both_names() =>
        Should.Throw<ConfigurationException>(
            () => OwnLeaseConflict.Check(_own, null, null, Peers(LeaseOf("b", "10.244.2.0/24", "192.0.2.1"))))
            .Faults.ShouldHaveSingleItem().ShouldContain("node b");

    [Fact]
    public void What_this_node_held_before_it_keeps() =>
        Should.NotThrow(
            () => OwnLeaseConflict.Check(_own, _own, null, Peers(LeaseOf("b", "10.244.1.0/24", "192.0.2.1"))));

    [Fact]
    public void A_rival_that_waited_for_what_this_node_withdrew_is_no_obstacle_and_a_newcomer_is()
    {
        Lease rival = LeaseOf("b", "10.244.1.0/24", "192.0.2.1");
        WithdrawnClaim withdrawn = new(_own, [rival]);
        Should.NotThrow(() => OwnLeaseConflict.Check(_own, null, withdrawn, Peers(rival)));
        _ = Should.Throw<ConfigurationException>(
            () => OwnLeaseConflict.Check(_own, null, withdrawn, Peers(rival with { Node = "c" })));
        _ = Should.Throw<ConfigurationException>(
            () => OwnLeaseConflict.Check(
                _own, null, withdrawn with { Own = LeaseOf("a", "10.244.9.0/24", "192.0.2.9") }, Peers(rival)));
    }

    private static PeersSnapshot Peers(Lease lease) => new([new PeerLease(lease, LeaseVerdict.Accepted, null)], null);

    private static Lease LeaseOf(string node, string subnet, string address) =>
        new() { Node = node, Subnet = IpPrefix.Parse(subnet), PublicIp = IpAddress.Parse(address) };
}
