using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

public sealed class TableFollowerTests
{
    private readonly List<(ITableFollower Follower, Exception Fault)> _faults = [];
    private readonly TablePublisher _publisher;
    private readonly ForwardingTableBuilder _builder = new();
    private readonly RecordingFollower _follower = new();

    public TableFollowerTests() => _publisher = new((follower, fault) => _faults.Add((follower, fault)));

    [Fact]
    public void A_new_follower_gets_the_current_table_at_once_as_added()
    {
        Publish(builder => builder.AddLocal(A.PodsV4).AddRoute(B.PodsV4, B.Remote));

        _publisher.Add(_follower);

        (ForwardingTable table, TableChange change) = _follower.Calls.ShouldHaveSingleItem();
        table.ShouldBeSameAs(_publisher.Current);
        change.Added.ShouldBe([new Route(A.PodsV4, null), new Route(B.PodsV4, B.Remote)]);
        change.VtepsAdded.ShouldBe([B.Remote]);
        change.Removed.ShouldBeEmpty();
        change.VtepsRemoved.ShouldBeEmpty();
    }

    [Fact]
    public void A_follower_gets_every_later_change_and_finds_its_table_current()
    {
        bool wasCurrent = false;
        _publisher.Add(_follower);
        _follower.OnFollow = table => wasCurrent = ReferenceEquals(table, _publisher.Current);

        TableChange published = Publish(builder => builder.AddRoute(B.PodsV4, B.Remote));

        _follower.Calls.Count.ShouldBe(2);
        _follower.Calls[1].Change.ShouldBeSameAs(published);
        wasCurrent.ShouldBeTrue("packets must see a table before its mirrors do");
    }

    [Fact]
    public void A_removed_follower_gets_nothing_more()
    {
        _publisher.Add(_follower);
        _publisher.Remove(_follower);
        Publish(builder => builder.AddRoute(B.PodsV4, B.Remote));
        _follower.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public void A_follower_that_throws_stops_neither_the_others_nor_the_writer()
    {
        RecordingFollower failing = new() { OnFollow = static _ => throw new IOException("no rtnetlink") };
        _publisher.Add(failing);
        _publisher.Add(_follower);

        Publish(builder => builder.AddRoute(B.PodsV4, B.Remote));

        _publisher.Current.Lookup(B.Pod(IpFamily.IPv4)).ShouldBe(B.Remote);
        _follower.Calls.Count.ShouldBe(2);
        _faults.Count.ShouldBe(2);
        _faults.ShouldAllBe(fault => fault.Follower == failing && fault.Fault is IOException);
    }

    [Fact]
    public void The_own_end_of_the_tunnels_stays_when_routes_change_and_routes_stay_when_it_changes()
    {
        _publisher.SetLocal(A.Local);
        Publish(builder => builder.AddRoute(B.PodsV4, B.Remote));
        _publisher.Current.Local.ShouldBe(A.Local);

        _publisher.SetLocal(A.Local with { PodMtu = 1200 });

        _publisher.Current.Local!.PodMtu.ShouldBe(1200);
        _publisher.Current.Lookup(B.Pod(IpFamily.IPv4)).ShouldBe(B.Remote);
    }

    [Fact]
    public void Followers_see_another_own_end_as_a_change_of_no_route_and_the_same_one_not_at_all()
    {
        _publisher.SetLocal(A.Local);
        _publisher.Add(_follower);

        _publisher.SetLocal(A.Local with { });
        _follower.Calls.Count.ShouldBe(1);

        _publisher.SetLocal(A.Local with { UnderlayIndex = 7 });
        _follower.Calls.Count.ShouldBe(2);
        _follower.Calls[1].Table.Local!.UnderlayIndex.ShouldBe(7);
        _follower.Calls[1].Change.IsNone.ShouldBeTrue();
    }

    private TableChange Publish(Action<ForwardingTableBuilder> change)
    {
        change(_builder);
        _publisher.Publish(_builder.Build(out TableChange difference), difference);
        return difference;
    }

    private sealed class RecordingFollower : ITableFollower
    {
        public List<(ForwardingTable Table, TableChange Change)> Calls { get; } = [];

        public Action<ForwardingTable>? OnFollow { get; set; }

        public void Follow(ForwardingTable table, TableChange change)
        {
            Calls.Add((table, change));
            OnFollow?.Invoke(table);
        }
    }
}
