using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public class EtcdOwnKeyTests(EtcdFixture etcd) : IClassFixture<EtcdFixture>
{
    [Fact]
    public async Task The_published_value_is_byte_for_byte_what_flannel_writes()
    {
        using EtcdNetwork network = etcd.NewNetwork(EtcdNetwork.Dual);
        network.PutLease("10.244.13.0-24&fd00:10:244:3e::-64", 1);
        using EtcdLeaseSource source = network.NewSource(out _);
        PodCidrs subnets = await source.AcquireAsync(EtcdNetwork.Request(1), default);
        await source.PublishAsync(
            new Lease
            {
                Node = "a",
                Subnet = subnets.Ipv4,
                SubnetV6 = subnets.Ipv6,
                PublicIp = IpAddress.Parse("192.168.77.1"),
                PublicIpV6 = IpAddress.Parse("fd77::1"),
                BackendData = SampleLeases.Vtep("22:09:62:2c:87:7b"),
                BackendV6Data = SampleLeases.Vtep("76:6a:49:5c:67:9d"),
            },
            default);
        etcd.Server.Ctl("get", network.PathOf("subnets/10.244.13.0-24&fd00:10:244:3e::-64"), "--print-value-only")
            .TrimEnd('\n').ShouldBe(
            """{"PublicIP":"192.168.77.1","PublicIPv6":"fd77::1","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"22:09:62:2c:87:7b"},"BackendV6Data":{"VNI":1,"VtepMAC":"76:6a:49:5c:67:9d"}}""");
        network.Keys().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_node_without_a_MAC_finds_one_in_its_new_key_for_each_family_and_writes_once()
    {
        using EtcdNetwork network = etcd.NewNetwork(EtcdNetwork.Dual);
        using EtcdLeaseSource source = network.NewSource(out _);
        PodCidrs subnets = await source.AcquireAsync(
            EtcdNetwork.Request(1) with { VtepMac = null, PublicIpV6 = IpAddress.Parse("fd77::1") }, default);
        Lease found = (await source.FindAsync("n1", default)).ShouldNotBeNull();
        MacAddress mac = found.BackendData!.Mac.ShouldNotBeNull();
        mac.IsMulticast.ShouldBeFalse();
        found.BackendV6Data!.Mac.ShouldBe(mac);
        string key = $"subnets/{new SubnetKey(subnets.Ipv4!.Value, subnets.Ipv6)}";
        long written = network.Entry(key)!.ModRevision;
        await source.PublishAsync(found, default);
        network.Entry(key)!.ModRevision.ShouldBe(written);
    }

    [Fact]
    public async Task Own_lease_has_own_name_and_peers_see_it_under_its_key()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        await using WatchedSource a = network.NewWatched();
        await using WatchedSource b = network.NewWatched();
        Lease own = await a.StartAsync(1);
        Lease other = await b.StartAsync(2);
        await a.ShouldSee(own);
        await a.ShouldSee(other with { Node = $"{other.Subnet!.Value.Address}-24" });
        await b.ShouldSee(own with { Node = $"{own.Subnet!.Value.Address}-24" });
        await b.ShouldSee(other);
        a.Leases.Count.ShouldBe(2);
        (await a.Source.FindAsync("n1", default)).ShouldBe(own);
    }

    [Fact]
    public async Task Another_address_changes_the_value_alone()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        await using WatchedSource node = network.NewWatched();
        Lease own = await node.StartAsync(1);
        string key = $"subnets/{own.Subnet!.Value.Address}-24";
        long lease = network.Entry(key)!.Lease;
        Lease moved = own with { PublicIp = IpAddress.Parse("192.168.77.200") };
        await node.Source.PublishAsync(moved, default);
        await node.ShouldSee(moved);
        network.Keys().ShouldHaveSingleItem();
        network.Entry(key)!.Lease.ShouldBe(lease);
        await node.Source.PublishAsync(own, default);
        network.Get(key).ShouldBe(EtcdNetwork.Value(1));
        node.Reassigned.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stop_keeps_the_key()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        await using (WatchedSource node = network.NewWatched())
        {
            _ = await node.StartAsync(1);
            await node.Source.ReportReadyAsync("n1", default);
            await node.Source.WithdrawAsync("n1", default);
        }

        network.Keys().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_short_lease_is_renewed_again_and_again()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        await using WatchedSource node = network.NewWatched(static options =>
            options with { LeaseTtl = TimeSpan.FromSeconds(3), RenewMargin = TimeSpan.FromSeconds(2) });
        Lease own = await node.StartAsync(1);
        string key = $"subnets/{own.Subnet!.Value.Address}-24";
        EtcdKeyValue before = network.Entry(key)!;
        await Task.Delay(TimeSpan.FromSeconds(6));
        EtcdKeyValue after = network.Entry(key).ShouldNotBeNull();
        (after.Lease, after.ModRevision).ShouldBe((before.Lease, before.ModRevision));
        node.Leases.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_key_that_an_operator_deletes_is_written_again()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        await using WatchedSource node = network.NewWatched();
        Lease own = await node.StartAsync(1);
        string key = $"subnets/{own.Subnet!.Value.Address}-24";
        network.Delete(key);
        await node.Eventually(() => network.Get(key) == EtcdNetwork.Value(1), "the key again");
        await node.ShouldSee(own);
        network.Entry(key)!.Lease.ShouldNotBe(0);
        node.Reassigned.ShouldBeEmpty();
        node.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("of this node was gone and is written again");
    }

    [Fact]
    public async Task An_etcd_lease_that_is_lost_is_replaced()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        await using WatchedSource node = network.NewWatched();
        Lease own = await node.StartAsync(1);
        string key = $"subnets/{own.Subnet!.Value.Address}-24";
        long lease = network.Entry(key)!.Lease;
        _ = etcd.Server.Ctl("lease", "revoke", lease.ToString("x", null));
        await node.Eventually(() =>
            network.Entry(key) is { } entry && entry.Lease != lease && entry.Lease != 0, "the key with another lease");
        await node.ShouldSee(own);
    }

    [Fact]
    public async Task A_damaged_or_edited_own_value_is_put_right()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        await using WatchedSource node = network.NewWatched();
        Lease own = await node.StartAsync(1);
        string key = $"subnets/{own.Subnet!.Value.Address}-24";
        network.Put(key, "oops", ttl: 600);
        await node.Eventually(() => network.Get(key) == EtcdNetwork.Value(1), "the value again");
        network.Put(key, EtcdNetwork.Value(1)
            .Replace("\"PublicIPv6\":null", "\"PublicIPv6\":\"fd77::9\"", StringComparison.Ordinal), ttl: 600);
        await node.Eventually(() => network.Get(key) == EtcdNetwork.Value(1), "the value again");
        await node.ShouldHaveNoProblem();
    }

    [Fact]
    public async Task A_key_that_another_node_has_taken_is_left_and_another_subnet_taken()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        await using WatchedSource node = network.NewWatched();
        Lease own = await node.StartAsync(1);
        string key = $"subnets/{own.Subnet!.Value.Address}-24";
        network.Put(key, EtcdNetwork.Value(2), ttl: 600);
        await node.Eventually(() => node.Reassigned.Count > 0, "another subnet");
        PodCidrs now = node.Reassigned.ShouldHaveSingleItem();
        now.Ipv4.ShouldNotBe(own.Subnet);
        network.Get(key).ShouldBe(EtcdNetwork.Value(2));
        Lease moved = own with { Subnet = now.Ipv4 };
        await node.Source.PublishAsync(moved, default);
        await node.ShouldSee(moved);
        await node.ShouldSee(SampleLeases.Ipv4($"{own.Subnet!.Value.Address}-24", 2) with { Subnet = own.Subnet });
        node.Leases.Count.ShouldBe(2);
        await node.ShouldHaveNoProblem();
    }

    [Fact]
    public async Task A_subnet_that_was_given_away_while_the_key_was_gone_is_not_taken_back()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        using EtcdLeaseSource source = network.NewSource(out _);
        PodCidrs subnets =
            await source.AcquireAsync(EtcdNetwork.Request(1, EtcdNetwork.Subnets("10.244.8.0/24")), default);
        network.Delete("subnets/10.244.8.0-24");
        network.PutLease("10.244.8.128-25", 2);
        IOException thrown =
            await Should.ThrowAsync<IOException>(source.PublishAsync(EtcdNetwork.LeaseOf(1, subnets), default));
        thrown.Message.ShouldContain("10.244.8.0-24 is another node's by now");
        network.Keys().ShouldBe(["10.244.8.128-25"]);
    }

    [Fact]
    public async Task A_key_that_another_daemon_has_written_under_the_same_address_is_written_again_once_that_is_quiet()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        await using WatchedSource node =
            network.NewWatched(static options => options with { QuietTime = TimeSpan.FromSeconds(2) });
        Lease own = await node.StartAsync(1);
        string key = $"subnets/{own.Subnet!.Value.Address}-24";
        string theirs = EtcdNetwork.Value(1)
            .Replace("02:00:00:00:00:01", "02:00:00:00:00:99", StringComparison.Ordinal);

        // A flanneld that was started by mistake writes the key once and dies: status says so until it is mended.
        network.Put(key, theirs, ttl: 600);
        await node.ShouldSay(key, "is written by another daemon too, which says it is 192.168.77.1");
        await node.ShouldSay(key, "until it has left the key alone for 2 s, when this node writes it again");
        network.Get(key).ShouldBe(theirs);
        await node.Eventually(() => network.Get(key) == EtcdNetwork.Value(1), "the own value again");
        await node.ShouldHaveNoProblem();
        node.Logger.Of(LogLevel.Warning).Count.ShouldBe(2);

        // A daemon that comes again is waited for longer, and named until it has stayed away.
        network.Put(key, theirs, ttl: 600);
        await node.ShouldSay(key, "until it has left the key alone for 4 s");
        await node.Eventually(() => network.Get(key) == EtcdNetwork.Value(1), "the own value again");
        await node.ShouldSay(key, "is written by another daemon again and again");
        await node.ShouldSee(own);
    }

    [Fact]
    public async Task A_start_without_asking_for_a_subnet_adopts_what_it_had()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        network.PutLease("10.244.1.0-24", 1);
        await using WatchedSource node = network.NewWatched();
        Lease own = EtcdNetwork.LeaseOf(1, EtcdNetwork.Subnets("10.244.1.0/24")) with
        {
            BackendData = SampleLeases.Vtep("02:00:00:00:00:77"),
        };
        node.Watch();
        await node.Source.PublishAsync(own, default);
        await node.ShouldSee(own);
        await node.Eventually(() => node.Leases.Count == 1, "this node once");
        node.Reassigned.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("10.244.1.0-24", 2)]
    [InlineData("10.244.0.0-20", 2)]
    public async Task A_start_without_asking_for_a_subnet_gets_another_where_its_own_is_taken(string theirs, int number)
    {
        using EtcdNetwork network = etcd.NewNetwork();
        network.PutLease(theirs, number);
        await using WatchedSource node = network.NewWatched();
        node.Watch();
        Lease own = EtcdNetwork.LeaseOf(1, EtcdNetwork.Subnets("10.244.1.0/24"));
        _ = await Should.ThrowAsync<IOException>(node.Source.PublishAsync(own, default));
        await node.Eventually(() => node.Reassigned.Count > 0, "another subnet");
        network.Keys().ShouldContain(new SubnetKey(node.Reassigned.First().Ipv4!.Value, null).ToString());
        await node.Source.PublishAsync(own with { Subnet = node.Reassigned.First().Ipv4 }, default);
        await node.ShouldHaveNoProblem();
    }

    [Fact]
    public async Task A_lease_outside_the_network_is_not_published()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        await using WatchedSource node = network.NewWatched();
        node.Watch();
        _ = await Should.ThrowAsync<IOException>(
            node.Source.PublishAsync(EtcdNetwork.LeaseOf(1, EtcdNetwork.Subnets("10.9.1.0/24")), default));
        await node.Eventually(() => node.Reassigned.Count > 0, "another subnet");
        network.Keys().ShouldNotContain("10.9.1.0-24");
    }
}
