using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.Lab.Stores;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public class EtcdFailoverTests(EtcdFixture etcd) : IClassFixture<EtcdFixture>
{
    private static readonly Lease _second = SampleLeases.Ipv4("10.244.2.0-24", 2);

    [Fact]
    public async Task A_member_that_is_cut_off_is_left_for_the_next()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        using Relay first = new(etcd.Server.Endpoint);
        using Relay second = new(etcd.Server.Endpoint);
        await using WatchedSource node =
            network.NewWatched(options => options with { Endpoints = [first.Endpoint, second.Endpoint] });
        Lease own = await node.StartAsync(1);
        second.Accepted.ShouldBe(0);
        first.Dispose();
        network.PutLease("10.244.2.0-24", 2);
        await node.ShouldSee(_second);
        second.Accepted.ShouldBeGreaterThan(0);
        await node.Source.PublishAsync(own with { PublicIp = IpAddress.Parse("192.168.77.100") }, default);
        await node.ShouldHaveNoProblem();
    }

    [Fact]
    public async Task A_member_that_falls_silent_is_noticed_and_left()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        using Relay first = new(etcd.Server.Endpoint);
        using Relay second = new(etcd.Server.Endpoint);
        await using WatchedSource node = network.NewWatched(options => options with
        {
            Endpoints = [first.Endpoint, second.Endpoint],
            RequestTimeout = TimeSpan.FromSeconds(2),
            SilenceLimit = TimeSpan.FromSeconds(2),
        });
        _ = await node.StartAsync(1);
        first.FallSilent();
        network.PutLease("10.244.2.0-24", 2);
        await node.ShouldSee(_second);
        second.Accepted.ShouldBeGreaterThan(0);
        node.Reassigned.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_member_that_vanishes_is_noticed_by_pings_and_a_quiet_one_is_left_alone()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        using Relay first = new(etcd.Server.Endpoint);
        using Relay second = new(etcd.Server.Endpoint);
        await using WatchedSource node =
            network.NewWatched(options => options with { Endpoints = [first.Endpoint, second.Endpoint] });
        _ = await node.StartAsync(1);
        first.FallSilent();
        network.PutLease("10.244.2.0-24", 2);
        await node.ShouldSee(_second);
        network.Options.SilenceLimit.ShouldBeGreaterThan(TimeSpan.FromMinutes(10), "etcd reports progress as often");
    }

    [Fact]
    public async Task With_no_member_left_each_is_named()
    {
        using Relay gone = new(etcd.Server.Endpoint);
        gone.Dispose();
        using EtcdNetwork network = etcd.NewNetwork();
        using EtcdLeaseSource source =
            network.NewSource(out _, options => options with { Endpoints = [gone.Endpoint, gone.Endpoint] });
        IOException thrown = await Should.ThrowAsync<IOException>(
            source.PublishAsync(EtcdNetwork.LeaseOf(1, EtcdNetwork.Subnets("10.244.1.0/24")), default));
        thrown.Message.Split(';').Length.ShouldBe(2);
        thrown.Message.ShouldContain($"{gone.Endpoint.OriginalString} does not answer: Connection refused");
    }

    [Fact]
    public async Task Of_three_members_one_may_die_and_without_their_majority_nothing_is_believed()
    {
        IReadOnlyList<EtcdServer> members = EtcdServer.StartCluster(new() { Members = 3 });
        try
        {
            using EtcdNetwork network = new(members[2], "/coreos.com/network");
            network.Put("config", EtcdNetwork.Ipv4);
            await using WatchedSource node = network.NewWatched(options => options with
            {
                Endpoints = [.. members.Select(static member => member.Endpoint)],
                SilenceLimit = TimeSpan.FromSeconds(3),
            });
            Lease own = await node.StartAsync(1);
            members[0].Kill();
            await node.Eventually(() => Try(() => network.PutLease("10.244.2.0-24", 2)), "two members go on");
            await node.ShouldSee(_second);
            members[1].Kill();
            await node.Eventually(() => node.Source.Status.State == StoreState.Disconnected, "no majority, no store");
            node.Leases.Count.ShouldBe(2);
            members[1].Restart();
            await node.Eventually(() => Try(() => network.PutLease("10.244.3.0-24", 3)), "two members go on");
            await node.ShouldSeeNodes("10.244.3.0-24");
            await node.ShouldSee(own);
            await node.ShouldHaveNoProblem();
        }
        finally
        {
            foreach (EtcdServer member in members) member.Dispose();
        }
    }

    private static bool Try(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (EtcdException)
        {
            return false;
        }
    }
}
