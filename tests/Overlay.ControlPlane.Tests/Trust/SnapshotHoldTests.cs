using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Trust;
using Overlay.Testing;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class SnapshotHoldTests
{
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(60);

    private readonly ReconcilerFixture _fixture = new();
    private readonly CollectingLogger<SnapshotHold> _logger = new();
    private readonly SnapshotHold _hold;

    public SnapshotHoldTests() => _hold = new(_grace, _fixture.Time, _logger);

    [Fact]
    public void An_empty_snapshot_is_not_believed_until_the_grace_ends()
    {
        Say(Ipv4("b", 2), Ipv4("c", 3));
        Say();
        _fixture.Accepted.ShouldBe(["b", "c"]);
        _hold.Held.ShouldBe(new HeldPeers(2, _fixture.Time.Now + _grace));
        _hold.EndsIn.ShouldBe(_grace);

        _fixture.Time.Now += _grace - TimeSpan.FromSeconds(1);
        Say();
        _hold.EndsIn.ShouldBe(TimeSpan.FromSeconds(1), "one emptiness, one grace");
        _fixture.Time.Now += TimeSpan.FromSeconds(1);
        _hold.EndsIn.ShouldBe(TimeSpan.Zero);
        _fixture.Reconciler.Apply(_hold.Release());
        _fixture.Accepted.ShouldBeEmpty();
        _hold.Held.ShouldBeNull();
        _hold.EndsIn.ShouldBeNull();
        _logger.Warnings.Count.ShouldBe(2);
    }

    [Fact]
    public void The_only_peer_that_a_snapshot_lacks_is_held_too()
    {
        Say(Ipv4("b", 2));
        Say();
        _fixture.Accepted.ShouldBe(["b"]);
    }

    [Fact]
    public void Half_of_the_peers_may_leave_at_once()
    {
        Say(Ipv4("b", 2), Ipv4("c", 3), Ipv4("d", 4), Ipv4("e", 5));
        Say(Ipv4("b", 2), Ipv4("c", 3));
        _fixture.Accepted.ShouldBe(["b", "c"]);
        _hold.Held.ShouldBeNull();
        _logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void What_is_new_in_a_doubtful_snapshot_is_applied_at_once()
    {
        Say(Ipv4("b", 2), Ipv4("c", 3), Ipv4("d", 4));
        Say(Ipv4("b", 2) with { PublicIp = Address("192.168.77.22") }, Ipv4("new", 9));
        _fixture.Accepted.ShouldBe(["b", "c", "d", "new"]);
        _fixture.Routes.ShouldContain("10.244.2.0/24 b 192.168.77.22 02:00:00:00:00:02");
    }

    [Fact]
    public void Peers_that_come_back_are_no_longer_held_and_the_rest_is_until_the_grace_ends()
    {
        Say(Ipv4("b", 2), Ipv4("c", 3), Ipv4("d", 4));
        Say();
        _fixture.Time.Now += _grace / 2;
        Say(Ipv4("b", 2), Ipv4("c", 3));
        _fixture.Accepted.ShouldBe(["b", "c", "d"]);
        _hold.Held.ShouldBe(new HeldPeers(1, _fixture.Time.Now + (_grace / 2)));
        Say(Ipv4("b", 2));
        _fixture.Accepted.ShouldBe(["b", "c", "d"], "two of three are missing again");
        Say(Ipv4("b", 2), Ipv4("c", 3), Ipv4("d", 4));
        _hold.Held.ShouldBeNull();
        _logger.Of(LogLevel.Information).ShouldHaveSingleItem().ShouldContain("again");
    }

    [Fact]
    public void A_peer_that_leaves_by_itself_while_others_are_held_is_not_held()
    {
        Say([.. Enumerable.Range(2, 9).Select(static number => Ipv4($"n{number}", number))]);
        Say(Ipv4("n2", 2), Ipv4("n3", 3), Ipv4("n4", 4));
        Say([.. Enumerable.Range(2, 8).Select(static number => Ipv4($"n{number}", number))]);
        _hold.Held!.Count.ShouldBe(1);
        Say([.. Enumerable.Range(3, 7).Select(static number => Ipv4($"n{number}", number))]);
        _fixture.Accepted.ShouldNotContain("n2");
        _fixture.Accepted.ShouldContain("n10");
    }

    [Fact]
    public void Peers_that_are_removed_together_are_held_where_they_are_most()
    {
        Say(Ipv4("b", 2), Ipv4("c", 3), Ipv4("d", 4));
        Tell(new LeaseEvent.Added(Ipv4("new", 9)), new LeaseEvent.Removed("b"), new LeaseEvent.Removed("c"));
        _fixture.Accepted.ShouldBe(["b", "c", "d", "new"]);
        _hold.Held.ShouldBe(new HeldPeers(2, _fixture.Time.Now + _grace));
        _logger.Warnings.ShouldHaveSingleItem().ShouldContain("lacks 2 of 3 peers");

        Tell(new LeaseEvent.Added(Ipv4("b", 2)));
        _hold.Held!.Count.ShouldBe(1);
        _fixture.Reconciler.Apply(_hold.Release());
        _fixture.Accepted.ShouldBe(["b", "d", "new"]);
    }

    [Fact]
    public void The_last_peer_and_half_of_them_may_be_removed()
    {
        Say(Ipv4("b", 2), Ipv4("c", 3), Ipv4("d", 4), Ipv4("e", 5));
        Tell(new LeaseEvent.Removed("b"), new LeaseEvent.Removed("c"));
        _fixture.Accepted.ShouldBe(["d", "e"]);
        Tell(new LeaseEvent.Removed("d"));
        Tell(new LeaseEvent.Removed("e"));
        _fixture.Accepted.ShouldBeEmpty();
        _hold.Held.ShouldBeNull();
    }

    [Fact]
    public void Peers_that_are_removed_and_added_in_one_batch_are_not_gone()
    {
        Say(Ipv4("b", 2), Ipv4("c", 3));
        Tell(new LeaseEvent.Removed(
            "b"), new LeaseEvent.Removed("c"), new LeaseEvent.Added(Ipv4("b", 7)), new LeaseEvent.Added(Ipv4("c", 8)));
        _hold.Held.ShouldBeNull();
        _fixture.Routes.ShouldContain("10.244.7.0/24 b 192.168.77.7 02:00:00:00:00:07");
    }

    [Fact]
    public void What_takes_the_place_of_peers_that_are_removed_together_is_believed()
    {
        Say(Ipv4("b", 2), Ipv4("c", 3));
        Tell(
            new LeaseEvent.Added(Ipv4("b2", 7) with { Subnet = Prefix("10.244.2.128/25") }),
            new LeaseEvent.Removed("b"), new LeaseEvent.Removed("c"),
            new LeaseEvent.Added(Ipv4("wide", 8) with { Subnet = Prefix("10.244.3.0/24") }));
        _fixture.Accepted.ShouldBe(["b2", "wide"]);
        _hold.Held.ShouldBeNull();
    }

    [Fact]
    public void Events_are_believed_at_once_of_what_is_held_too()
    {
        Say(Ipv4("b", 2), Ipv4("c", 3), Ipv4("d", 4));
        Say();
        Tell(new LeaseEvent.Removed("b"));
        _fixture.Accepted.ShouldBe(["c", "d"]);
        Tell(new LeaseEvent.Added(Ipv4("c", 3)));
        _hold.Held!.Count.ShouldBe(1);
        _fixture.Reconciler.Apply(_hold.Release());
        _fixture.Accepted.ShouldBe(["c"]);
    }

    [Fact]
    public void What_contradicts_a_held_peer_takes_its_place()
    {
        Say(Ipv4("b", 2), Ipv4("c", 3), Ipv4("d", 4));
        Say(Ipv4("b2", 2));
        _fixture.Accepted.ShouldBe(["b2", "c", "d"]);
        Tell(new LeaseEvent.Added(Ipv4("c2", 3) with { PublicIp = Address("192.168.77.33") }));
        _fixture.Accepted.ShouldBe(["b2", "c2", "d"]);
        _hold.Held!.Count.ShouldBe(1);
    }

    [Fact]
    public void Without_grace_every_snapshot_is_believed()
    {
        SnapshotHold off = new(TimeSpan.Zero, _fixture.Time, _logger);
        Say(Ipv4("b", 2), Ipv4("c", 3));
        _fixture.Reconciler.Apply(off.Filter(new LeaseUpdate.Snapshot([]), _fixture.Reconciler.Peers));
        _fixture.Accepted.ShouldBeEmpty();
    }

    /// <summary>
    /// Whatever the store says, within the grace no more than half of the peers go by a snapshot, and after it the
    /// store is right.
    /// </summary>
    [Fact]
    public void After_the_grace_the_table_is_what_the_store_says()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            Random random = new(seed);
            ReconcilerFixture fixture = new();
            SnapshotHold hold = new(_grace, fixture.Time, _logger);
            Lease[] said = [];
            for (int update = 0; update < 20; update++)
            {
                int before = fixture.Accepted.Count;
                said = [.. Enumerable.Range(2, 8).Where(_ => random.Next(3) > 0 == random.Next(4) > 0)
                    .Select(static number => Ipv4($"n{number}", number))];
                fixture.Reconciler.Apply(hold.Filter(new LeaseUpdate.Snapshot(said), fixture.Reconciler.Peers));
                foreach (Lease lease in said) fixture.Accepted.ShouldContain(lease.Node);
                (2 * fixture.Accepted.Count).ShouldBeGreaterThanOrEqualTo(before, $"seed {seed}, update {update}");
            }

            fixture.Time.Now += _grace;
            fixture.Reconciler.Apply(hold.Release());
            fixture.Accepted.ShouldBe(said.Select(static lease => lease.Node), $"seed {seed}");
        }
    }

    private void Say(params Lease[] leases) => Apply(new LeaseUpdate.Snapshot(leases));

    private void Tell(params LeaseEvent[] events) => Apply(new LeaseUpdate.Events(events));

    private void Apply(LeaseUpdate update) =>
        _fixture.Reconciler.Apply(_hold.Filter(update, _fixture.Reconciler.Peers));
}
