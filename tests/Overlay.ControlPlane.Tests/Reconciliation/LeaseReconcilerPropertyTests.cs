using Overlay.ControlPlane.Leases;
using Overlay.Dataplane.Forwarding;
using Overlay.Testing;
using Overlay.Wire.Values;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class LeaseReconcilerPropertyTests
{
    private const int Sequences = 200;
    private const int Updates = 30;

    // Few nodes, prefixes and addresses, so that they meet often.
    private static readonly string[] _nodes = ["own", "b", "c", "d", "e", "f"];
    private static readonly string[] _prefixes =
        ["10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24", "10.244.2.0/23", "10.244.2.64/26", "10.244.4.0/24",
            "10.244.5.0/24", "10.9.0.0/24"];

    /// <summary>
    /// After any history the table holds the accepted leases and nothing else, and no two of them contradict.
    /// </summary>
    [Fact]
    public void The_table_equals_one_built_from_scratch_of_the_accepted_leases() =>
        ForRandomHistories((random, fixture, known) =>
    {
        fixture.Reconciler.Apply(NextUpdate(random, known));
        Lease[] accepted = [.. fixture.Reconciler.Peers.Peers
            .Where(static peer => peer.Verdict == LeaseVerdict.Accepted).Select(static peer => peer.Lease)];

        ReconcilerFixture fresh = new(OwnDual);
        fresh.Snapshot(accepted);

        fresh.Accepted.Count.ShouldBe(accepted.Length);
        ShouldBeEqual(fixture.Table, fresh.Table);
        ShouldBeSame(
            fixture.Reconciler.Peers.Peers.Select(static peer => peer.Lease),
            known.Values.Where(static lease => lease.Node != "own"));
    });

    /// <summary>
    /// A refused lease is refused for a reason that still stands: alone with the accepted ones it does not fit.
    /// </summary>
    [Fact]
    public void Nobody_is_refused_without_a_standing_reason() => ForRandomHistories((random, fixture, known) =>
    {
        fixture.Reconciler.Apply(NextUpdate(random, known));
        fixture.LetTheGraceEnd();
        Lease[] accepted = [.. fixture.Reconciler.Peers.Peers
            .Where(static peer => peer.Verdict == LeaseVerdict.Accepted).Select(static peer => peer.Lease)];
        foreach (PeerLease refused in fixture.Reconciler.Peers.Peers.Where(
            static peer => peer.Verdict == LeaseVerdict.Refused))
        {
            ReconcilerFixture fresh = new(OwnDual);
            fresh.Snapshot(accepted);
            fresh.Add(refused.Lease);
            fresh.Peer(refused.Lease.Node).Verdict.ShouldBe(LeaseVerdict.Refused);
        }
    });

    [Fact]
    public void An_accepted_lease_that_is_untouched_stays_accepted() => ForRandomHistories((random, fixture, known) =>
    {
        PeerLease[] before =
            [.. fixture.Reconciler.Peers.Peers.Where(static peer => peer.Verdict == LeaseVerdict.Accepted)];
        fixture.Reconciler.Apply(NextUpdate(random, known));
        foreach (PeerLease peer in before.Where(
            peer => known.TryGetValue(peer.Lease.Node, out Lease? lease) && lease == peer.Lease))
            fixture.Accepted.ShouldContain(peer.Lease.Node);
    });

    [Fact]
    public void A_snapshot_does_what_the_equivalent_events_do()
    {
        for (int seed = 0; seed < Sequences; seed++)
        {
            Random random = new(seed);
            ReconcilerFixture byEvents = new(OwnDual);
            ReconcilerFixture bySnapshots = new(OwnDual);
            Dictionary<string, Lease> known = [];
            for (int i = 0; i < Updates; i++)
            {
                Round.Check(() => $"seed {seed}, update {i}", () =>
                {
                    byEvents.Reconciler.Apply(NextEvents(random, known));
                    bySnapshots.Snapshot([.. known.Values]);
                    ShouldBeEqual(byEvents.Table, bySnapshots.Table);
                    byEvents.Reconciler.Peers.Peers.ShouldBe(bySnapshots.Reconciler.Peers.Peers);
                });
            }
        }
    }

    private static void ForRandomHistories(Action<Random, ReconcilerFixture, Dictionary<string, Lease>> step)
    {
        for (int seed = 0; seed < Sequences; seed++)
        {
            Random random = new(seed);
            ReconcilerFixture fixture = new(OwnDual);
            Dictionary<string, Lease> known = [];
            for (int i = 0; i < Updates; i++)
                Round.Check(() => $"seed {seed}, update {i}", () => step(random, fixture, known));
        }
    }

    private static LeaseUpdate NextUpdate(Random random, Dictionary<string, Lease> known)
    {
        LeaseUpdate.Events events = NextEvents(random, known);
        return random.Next(4) == 0 ? new LeaseUpdate.Snapshot([.. known.Values]) : events;
    }

    private static LeaseUpdate.Events NextEvents(Random random, Dictionary<string, Lease> known)
    {
        List<LeaseEvent> events = [];
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            string node = _nodes[random.Next(_nodes.Length)];
            if (random.Next(4) == 0)
            {
                _ = known.Remove(node);
                events.Add(new LeaseEvent.Removed(node));
            }
            else
            {
                known[node] = NextLease(random, node, known.GetValueOrDefault(node));
                events.Add(new LeaseEvent.Added(known[node]));
            }
        }

        return new(events);
    }

    // A new lease, or the old one with one thing changed.
    private static Lease NextLease(Random random, string node, Lease? old)
    {
        Lease lease = old ?? (random.Next(2) == 0 ? Ipv4(node, random.Next(2, 6)) : Dual(node, random.Next(2, 6)));
        return random.Next(7) switch
        {
            0 => lease with { Subnet = Prefix(_prefixes[random.Next(_prefixes.Length)]) },
            1 => lease with { SubnetV6 = Prefix("fd00:10:244:{0}::/64", random.Next(1, 6)) },
            2 => lease with { PublicIp = Address("192.168.77.{0}", random.Next(1, 6)) },
            3 => lease with
            {
                PublicIpV6 = Address("fd77::{0}", random.Next(1, 6)),
                BackendV6Data = Vtep("02:00:00:00:06:{0:x2}", random.Next(1, 6)),
            },
            4 => lease with
            {
                BackendData = random.Next(2) == 0
                    ? new VtepData(new Vni(1), null)
                    : Vtep("02:00:00:00:00:{0:x2}", random.Next(1, 6)),
            },
            5 => lease with { PublicIp = null, BackendData = null },
            _ => lease,
        };
    }

    private static void ShouldBeEqual(ForwardingTable one, ForwardingTable other)
    {
        ShouldBeSame(one.Routes, other.Routes);
        ShouldBeSame(one.Fdb.Rows, other.Fdb.Rows);
    }

    // The slow comparison, which is quadratic, is there for the texts of a failure.
    private static void ShouldBeSame<T>(IEnumerable<T> one, IEnumerable<T> other)
    {
        (T[] first, T[] second) = ([.. one], [.. other]);
        HashSet<T> set = [.. first];
        if (first.Length != second.Length || set.Count != first.Length || !set.SetEquals(second))
            first.ShouldBe(second, ignoreOrder: true);
    }
}
