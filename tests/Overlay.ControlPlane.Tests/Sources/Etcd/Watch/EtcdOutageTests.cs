using System.Globalization;
using Overlay.ControlPlane.Leases;
using Overlay.Lab.Stores;

namespace Overlay.ControlPlane.Tests;

/// <summary>Each with an etcd of its own, which is ended, emptied or compacted.</summary>
public sealed class EtcdOutageTests : IDisposable
{
    private static readonly Lease _second = SampleLeases.Ipv4("10.244.2.0-24", 2);
    private static readonly Lease _third = SampleLeases.Ipv4("10.244.3.0-24", 3);

    private readonly EtcdServer _server = EtcdServer.Start();
    private readonly EtcdNetwork _network;

    public EtcdOutageTests()
    {
        _network = new(_server, "/coreos.com/network");
        _network.Put("config", EtcdNetwork.Ipv4);
        _network.PutLease("10.244.2.0-24", 2);
    }

    public void Dispose()
    {
        _network.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task A_running_watch_survives_an_etcd_that_is_away_for_a_while()
    {
        await using WatchedSource node = _network.NewWatched();
        Lease own = await node.StartAsync(1);
        await node.ShouldSee(_second);
        await node.ShouldSee(own);
        int snapshots = node.Snapshots;
        _server.Kill();
        await node.Eventually(() => node.Source.Status.State == StoreState.Disconnected, "disconnected");
        await node.ShouldSay(_server.Endpoint.OriginalString, "");
        node.Leases.Count.ShouldBe(2);
        await Task.Delay(1500);
        _server.Restart();
        _network.PutLease("10.244.3.0-24", 3);
        await node.ShouldSee(_third);
        await node.ShouldSee(own);
        await node.ShouldHaveNoProblem();
        node.Source.Status.State.ShouldBe(StoreState.Connected);
        node.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("stay in force");

        // The watch went on from where it was: nothing had to be compared.
        node.Snapshots.ShouldBe(snapshots);
        node.Reassigned.ShouldBeEmpty();
        node.Source.WatchRestarts(WatchEnd.Failed).ShouldBeGreaterThan(0);
        node.Source.WatchRestarts(WatchEnd.Gone).ShouldBe(0);
        node.Source.Relists.ShouldBe(0);
    }

    [Fact]
    public async Task Changes_that_were_compacted_away_are_seen_in_a_snapshot()
    {
        _network.PutLease("10.244.3.0-24", 3);
        using Relay relay = new(_server.Endpoint);
        await using WatchedSource node = _network.NewWatched(options => options with
        {
            Endpoints = [relay.Endpoint, _server.Endpoint],
            SilenceLimit = TimeSpan.FromSeconds(1),
            RequestTimeout = TimeSpan.FromSeconds(1),
        });
        node.Watch();
        await node.ShouldSeeNodes(_second.Node, _third.Node);
        int snapshots = node.Snapshots;

        // Attributes, a node less and a node more; all of it before the oldest revision that is left.
        relay.FallSilent();
        _network.Put("subnets/10.244.2.0-24", EtcdNetwork.Value(22), ttl: 600);
        _network.Delete("subnets/10.244.3.0-24");
        _network.PutLease("10.244.4.0-24", 4);
        _network.Put("other", "");
        _ = _server.Ctl("compact", _network.Entry("other")!.ModRevision.ToString(CultureInfo.InvariantCulture));
        await node.ShouldSeeNodes("10.244.4.0-24");
        node.Leases.Keys.Order().ShouldBe(["10.244.2.0-24", "10.244.4.0-24"]);
        node.Leases[_second.Node].ShouldBe(SampleLeases.Ipv4(_second.Node, 22) with { Subnet = _second.Subnet });
        node.Snapshots.ShouldBe(snapshots + 1);
        node.Source.WatchRestarts(WatchEnd.Gone).ShouldBe(1);
        node.Source.Relists.ShouldBe(1);
    }

    [Fact]
    public async Task A_compaction_under_a_live_watch_loses_nothing()
    {
        await using WatchedSource node =
            _network.NewWatched(static options => options with { SilenceLimit = TimeSpan.FromSeconds(1) });
        node.Watch();
        await node.ShouldSee(_second);
        using EtcdNetwork other = new(_server, "/other");
        for (int i = 0; i < 5; i++) other.Put("key", $"{i}");
        _ = _server.Ctl("compact", other.Entry("key")!.ModRevision.ToString(CultureInfo.InvariantCulture));

        // The watch is silent and opened anew, from a revision that is gone by now.
        await node.Eventually(() => node.Snapshots == 2, "a second snapshot");
        node.Leases.Values.ShouldBe([_second]);
        _network.PutLease("10.244.3.0-24", 3);
        await node.ShouldSee(_third);
    }

    [Fact]
    public async Task Another_store_in_its_place_is_compared_and_the_own_key_put_into_it()
    {
        await using WatchedSource node = _network.NewWatched();
        Lease own = await node.StartAsync(1);
        await node.ShouldSee(_second);
        _server.Wipe();
        _server.Restart();
        await node.ShouldSay(_network.PathOf("config"), "is missing");
        node.Leases.Count.ShouldBe(2);
        _network.Put("config", EtcdNetwork.Ipv4);
        _network.PutLease("10.244.3.0-24", 3);
        await node.ShouldSee(_third);
        await node.ShouldNotSee(_second.Node);
        await node.ShouldSee(own);
        await node.Eventually(() => _network.Keys().Count == 2, "the own key too");
        await node.ShouldHaveNoProblem();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_start_with_the_store_away_publishes_what_it_had_or_takes_another(bool isTaken)
    {
        if (isTaken) _network.PutLease("10.244.1.0-24", 9);
        _server.Kill();
        await using WatchedSource node = _network.NewWatched();
        node.Watch(_second);
        Lease own = EtcdNetwork.LeaseOf(1, EtcdNetwork.Subnets("10.244.1.0/24"));
        _ = await Should.ThrowAsync<IOException>(node.Source.PublishAsync(own, default));
        node.Source.Status.State.ShouldBe(StoreState.Connecting);
        node.Updates.ShouldBeEmpty();
        _server.Restart();
        if (isTaken)
        {
            await node.Eventually(() => node.Reassigned.Count > 0, "another subnet");
            own = own with { Subnet = node.Reassigned.ShouldHaveSingleItem().Ipv4 };
            await node.Source.PublishAsync(own, default);
        }

        await node.ShouldSee(own);
        await node.ShouldSee(_second);
        await node.ShouldHaveNoProblem();
        _network.Keys().Count.ShouldBe(isTaken ? 3 : 2);
        if (!isTaken) node.Reassigned.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_subnet_is_waited_for_while_the_store_is_away()
    {
        _server.Kill();
        await using WatchedSource node = _network.NewWatched();
        Task<PodCidrs> subnets = node.AcquireAsync(EtcdNetwork.Request(1));
        await node.ShouldSay(_server.Endpoint.OriginalString, "");
        _server.Restart();
        (await subnets).Ipv4.ShouldNotBe(_second.Subnet);
        node.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("stay in force");
        node.Source.Problems.ShouldBeEmpty();
    }
}
