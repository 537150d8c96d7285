using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public class EtcdWatchTests(EtcdFixture etcd) : IClassFixture<EtcdFixture>
{
    [Fact]
    public async Task A_flannel_nodes_lease_comes_changes_and_goes_as_events()
    {
        using EtcdNetwork network = etcd.NewNetwork(EtcdNetwork.Dual);
        await using WatchedSource node = network.NewWatched();
        node.Watch();
        await node.Eventually(() => node.Snapshots == 1, "a first snapshot");

        // By etcdctl, with the bytes of a real flannel.
        string path = network.PathOf("subnets/10.244.13.0-24&fd00:10:244:3e::-64");
        _ = etcd.Server.Ctl("put", path, """{"PublicIP":"192.168.77.1","PublicIPv6":"fd77::1","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"22:09:62:2c:87:7b"},"BackendV6Data":{"VNI":1,"VtepMAC":"76:6a:49:5c:67:9d"}}""");
        Lease flannel = new()
        {
            Node = "10.244.13.0-24_fd00_10_244_3e__-64",
            Subnet = IpPrefix.Parse("10.244.13.0/24"),
            SubnetV6 = IpPrefix.Parse("fd00:10:244:3e::/64"),
            PublicIp = IpAddress.Parse("192.168.77.1"),
            PublicIpV6 = IpAddress.Parse("fd77::1"),
            BackendData = SampleLeases.Vtep("22:09:62:2c:87:7b"),
            BackendV6Data = SampleLeases.Vtep("76:6a:49:5c:67:9d"),
        };
        await node.ShouldSee(flannel);
        _ = etcd.Server.Ctl("put", path, """{"PublicIP":"192.168.77.9","PublicIPv6":"fd77::1","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"22:09:62:2c:87:7b"},"BackendV6Data":{"VNI":1,"VtepMAC":"76:6a:49:5c:67:9d"}}""");
        await node.ShouldSee(flannel with { PublicIp = IpAddress.Parse("192.168.77.9") });
        _ = etcd.Server.Ctl("del", path);
        await node.ShouldNotSee(flannel.Node);
        node.Updates.Skip(1).ShouldAllBe(static update => update is LeaseUpdate.Events);
    }

    [Fact]
    public async Task A_lease_that_runs_out_is_an_event()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        network.Put("subnets/10.244.2.0-24", EtcdNetwork.Value(2), ttl: 2);
        await using WatchedSource node = network.NewWatched();
        node.Watch();
        await node.ShouldSeeNodes("10.244.2.0-24");
        await node.ShouldNotSee("10.244.2.0-24");
        node.Snapshots.ShouldBe(1);
    }

    [Fact]
    public async Task A_reservation_is_no_lease_until_its_node_has_come()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        network.Put("subnets/10.244.2.0-24", """{"PublicIP":"192.168.77.2"}""");
        network.PutLease("10.244.3.0-24", 3);
        await using WatchedSource node = network.NewWatched();
        node.Watch();
        await node.ShouldSeeNodes("10.244.3.0-24");
        node.Leases.Count.ShouldBe(1);
        node.Source.Problems.ShouldBeEmpty();
        network.Put("subnets/10.244.2.0-24", EtcdNetwork.Value(2));
        await node.ShouldSeeNodes("10.244.2.0-24");
    }

    [Fact]
    public async Task A_damaged_value_keeps_the_last_good_lease_and_is_said_once()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        network.PutLease("10.244.2.0-24", 2);
        network.PutLease("10.244.3.0-24", 3);
        await using WatchedSource node = network.NewWatched();
        node.Watch();
        await node.ShouldSeeNodes("10.244.2.0-24", "10.244.3.0-24");
        network.Put("subnets/10.244.2.0-24", "{", ttl: 600);
        network.Put("subnets/10.244.2.0-24", "{", ttl: 600);
        network.Put("subnets/nonsense", EtcdNetwork.Value(5), ttl: 600);
        network.PutLease("10.244.3.0-24", 4);
        await node.ShouldSee(SampleLeases.Ipv4("10.244.3.0-24", 4) with { Subnet = IpPrefix.Parse("10.244.3.0/24") });
        node.Leases["10.244.2.0-24"].ShouldBe(SampleLeases.Ipv4("10.244.2.0-24", 2));
        node.Leases.Count.ShouldBe(2);
        await node.ShouldSay(network.PathOf("subnets/10.244.2.0-24"), "is not taken: is not JSON");
        await node.ShouldSay(network.PathOf("subnets/nonsense"), "it is no subnet such as 10.244.1.0-24");
        node.Logger.Warnings.Count.ShouldBe(2);
        network.Delete("subnets/nonsense");
        network.PutLease("10.244.2.0-24", 2);
        await node.ShouldHaveNoProblem();
    }

    [Fact]
    public async Task What_the_last_run_knew_outlives_a_damaged_value_but_not_a_missing_one()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        network.Put("subnets/10.244.2.0-24", "damaged", ttl: 600);
        await using WatchedSource node = network.NewWatched();
        node.Watch(SampleLeases.Ipv4("10.244.2.0-24", 2), SampleLeases.Ipv4("10.244.3.0-24", 3));
        await node.ShouldSee(SampleLeases.Ipv4("10.244.2.0-24", 2));
        node.Leases.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_store_with_neither_settings_nor_leases_is_not_believed()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        network.Delete("config");
        await using WatchedSource node = network.NewWatched();
        node.Watch(SampleLeases.Ipv4("10.244.2.0-24", 2));
        await node.ShouldSay(network.PathOf("config"), "is missing");
        node.Updates.ShouldBeEmpty();
        network.Put("config", EtcdNetwork.Ipv4);
        network.PutLease("10.244.3.0-24", 3);
        await node.ShouldSeeNodes("10.244.3.0-24");
        await node.ShouldHaveNoProblem();
    }

    [Fact]
    public async Task Changed_settings_are_a_problem_until_the_next_start()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        await using WatchedSource node = network.NewWatched();
        _ = await node.Source.ReadSettingsAsync("n1", default);
        node.Watch();
        await node.Eventually(() => node.Snapshots == 1, "a first snapshot");
        network.Put("config", EtcdNetwork.Dual);
        await node.ShouldSay(network.PathOf("config"), "has changed since this daemon started");
        network.Put("config", "{}");
        await node.ShouldSay(network.PathOf("config"), "Network is missing");
        network.Delete("config");
        await node.ShouldSay(network.PathOf("config"), "this run goes on with what it was");
        network.Put("config", EtcdNetwork.Ipv4.Replace(",", " , ", StringComparison.Ordinal));
        await node.ShouldHaveNoProblem();
    }

    [Fact]
    public async Task A_list_of_many_pages_is_one_snapshot()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        for (int i = 1; i <= 10; i++) network.PutLease($"10.244.{i}.0-24", i);
        await using WatchedSource node = network.NewWatched(static options => options with { PageSize = 3 });
        node.Watch();
        await node.Eventually(() => node.Snapshots == 1, "a first snapshot");
        node.Leases.Count.ShouldBe(10);
    }

    [Fact]
    public async Task Changes_that_etcd_sends_in_fragments_are_one_message()
    {
        // Three megabytes; etcd sends two at most in one piece.
        using EtcdNetwork network = etcd.NewNetwork();
        long before = network.Entry("config")!.ModRevision;
        string large = new('x', 100_000);
        for (int i = 0; i < 30; i++) network.Put($"large/{i}", large);
        using EtcdClient client = new(network.Options);
        EtcdKeys keys = new(network.Options.Prefix);
        using EtcdWatch watch = await client.WatchAsync(keys.First, keys.End, before + 1, default);
        (await watch.ReadAsync(default)).ShouldNotBeNull().Created.ShouldBeTrue();
        (await watch.ReadAsync(default)).ShouldNotBeNull().Events.Count.ShouldBe(30);
    }

    [Fact]
    public async Task The_status_says_up_to_where_nothing_was_missed()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        await using WatchedSource node = network.NewWatched();
        node.Source.Status.ShouldBe(StoreStatus.Initial);
        node.Source.Location.ShouldBe(
            new StoreLocation("Etcd", $"{etcd.Server.Endpoint.OriginalString} {network.Options.Prefix}"));
        node.Watch();
        network.PutLease("10.244.2.0-24", 2);
        long revision = network.Entry("subnets/10.244.2.0-24")!.ModRevision;
        await node.Eventually(
            () => node.Source.Status is { State: StoreState.Connected, Revision: { } seen }
                && long.Parse(seen, null) >= revision, "the revision of the lease");

        // A silent watch: etcd tells every second that nothing was missed, also of what is no key of this network.
        StoreStatus before = node.Source.Status;
        using EtcdNetwork other = etcd.NewNetwork();
        await node.Eventually(
            () => node.Source.Status.LastSync > before.LastSync
                && long.Parse(node.Source.Status.Revision!, null) > revision, "progress");
        node.Updates.Count.ShouldBeLessThanOrEqualTo(2);
    }
}
