using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public class EtcdAcquireTests(EtcdFixture etcd) : IClassFixture<EtcdFixture>
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    // Two subnets: 10.244.1.0/24 and 10.244.2.0/24.
    private const string Small = """{"Network":"10.244.0.0/16","SubnetMin":"10.244.1.0","SubnetMax":"10.244.2.0","Backend":{"Type":"vxlan","VNI":7}}""";
    private const string One = """{"Network":"10.244.0.0/16","SubnetMin":"10.244.1.0","SubnetMax":"10.244.1.0","Backend":{"Type":"vxlan"}}""";

    [Fact]
    public async Task Settings_are_waited_for_and_the_wait_is_said_once()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        network.Delete("config");
        await using WatchedSource node = network.NewWatched();
        Task<NodeSettings> settings = node.Source.ReadSettingsAsync("n1", CancellationToken.None);
        await node.ShouldSay(network.PathOf("config"), "is missing; it should be a value such as {\"Network\"");
        await Task.Delay(1500);
        node.Logger.Warnings.Count.ShouldBe(1);
        network.Put("config", EtcdNetwork.Dual);
        (await settings.WaitAsync(_patience)).Network.ShouldNotBeNull().CidrV6.ShouldBe(
            IpPrefix.Parse("fd00:10:244::/48"));
        node.Source.Problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"Network":"10.244.0.0/16","Backend":{"Type":"udp"}}""", "Backend.Type is \"udp\"")]
    [InlineData("""{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd00::/48","Backend":{"Type":"vxlan"}}""", "EnableIPv4 is false")]
    public async Task Settings_that_cannot_be_used_are_refused_with_their_key(string config, string error)
    {
        using EtcdNetwork network = etcd.NewNetwork(config);
        using EtcdLeaseSource source = network.NewSource(out _);
        InvalidDataException thrown =
            await Should.ThrowAsync<InvalidDataException>(source.ReadSettingsAsync("n1", CancellationToken.None));
        thrown.Message.ShouldContain($"{network.PathOf("config")}: {error}");
    }

    [Fact]
    public async Task A_free_subnet_is_taken_with_a_lease_of_a_day_and_a_value_that_is_complete()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        using EtcdLeaseSource source = network.NewSource(out _);
        PodCidrs subnets = await source.AcquireAsync(EtcdNetwork.Request(1), default).WaitAsync(_patience);
        string key = network.Keys().ShouldHaveSingleItem();
        key.ShouldBe(new SubnetKey(subnets.Ipv4!.Value, null).ToString());
        IpPrefix.Parse("10.244.0.0/16").Contains(subnets.Ipv4.Value).ShouldBeTrue();
        subnets.Ipv4.ShouldNotBe(IpPrefix.Parse("10.244.0.0/24"));
        network.Get($"subnets/{key}").ShouldBe(EtcdNetwork.Value(1));
        string lease =
            etcd.Server.Ctl("lease", "timetolive", network.Entry($"subnets/{key}")!.Lease.ToString("x", null));
        lease.ShouldContain("granted with TTL(86400s)");
    }

    [Fact]
    public async Task Both_families_are_chosen_each_for_itself()
    {
        using EtcdNetwork network = etcd.NewNetwork(EtcdNetwork.Dual);
        network.PutLease("10.244.1.0-24&fd00:10:244:1::-64", 2);
        using EtcdLeaseSource source = network.NewSource(out _);
        PodCidrs subnets = await source.AcquireAsync(EtcdNetwork.Request(
            1, EtcdNetwork.Subnets("10.244.1.0/24", "fd00:10:244:7::/64")), default).WaitAsync(_patience);
        subnets.Ipv6.ShouldBe(IpPrefix.Parse("fd00:10:244:7::/64"));
        subnets.Ipv4.ShouldNotBe(IpPrefix.Parse("10.244.1.0/24"));
        network.Keys().ShouldContain(new SubnetKey(subnets.Ipv4!.Value, subnets.Ipv6).ToString());
    }

    [Fact]
    public async Task Own_key_is_kept_with_its_value_and_a_new_lease()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        network.PutLease("10.244.9.0-24", 1);
        long before = network.Entry("subnets/10.244.9.0-24")!.Lease;
        using EtcdLeaseSource source = network.NewSource(out _);
        (await source.AcquireAsync(EtcdNetwork.Request(1, EtcdNetwork.Subnets("10.244.8.0/24")), default)
            .WaitAsync(_patience)).Ipv4.ShouldBe(IpPrefix.Parse("10.244.9.0/24"));
        network.Keys().ShouldBe(["10.244.9.0-24"]);
        network.Get("subnets/10.244.9.0-24").ShouldBe(EtcdNetwork.Value(1));
        network.Entry("subnets/10.244.9.0-24")!.Lease.ShouldNotBeOneOf(before, 0);
        (await source.FindAsync("n1", default)).ShouldBe(EtcdNetwork.LeaseOf(1, EtcdNetwork.Subnets("10.244.9.0/24")));
        (await source.FindAsync("other", default)).ShouldBeNull();
    }

    [Fact]
    public async Task Own_key_that_no_longer_fits_is_given_back()
    {
        using EtcdNetwork network = etcd.NewNetwork(Small);
        network.PutLease("10.244.9.0-24", 1);
        network.PutLease("10.244.8.0-26", 1);
        network.PutLease("10.244.9.0-24&fd00::-64", 1);
        using EtcdLeaseSource source = network.NewSource(out _);
        PodCidrs subnets = await source.AcquireAsync(EtcdNetwork.Request(1), default).WaitAsync(_patience);
        network.Keys().ShouldBe([$"{subnets.Ipv4!.Value.Address}-24"]);
    }

    [Fact]
    public async Task Of_several_own_keys_the_previous_one_is_kept_whatever_else_is_reserved()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        network.PutLease("10.244.3.0-24", 1);
        network.PutLease("10.244.9.0-24", 1);
        network.Put("subnets/10.244.50.0-24", """{"PublicIP":"192.168.77.1"}""");
        using EtcdLeaseSource source = network.NewSource(out _);
        (await source.AcquireAsync(EtcdNetwork.Request(1, EtcdNetwork.Subnets("10.244.9.0/24")), default)
            .WaitAsync(_patience)).Ipv4.ShouldBe(IpPrefix.Parse("10.244.9.0/24"));
        network.Keys().ShouldBe(["10.244.50.0-24", "10.244.9.0-24"]);
    }

    [Fact]
    public async Task A_key_of_another_VTEP_under_this_nodes_address_is_left_and_said_until_it_is_gone()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        string twin = EtcdNetwork.Value(1).Replace("02:00:00:00:00:01", "02:00:00:00:00:99", StringComparison.Ordinal);
        network.PutLease("10.244.201.0-24", 1);
        network.Put("subnets/10.244.9.0-24", twin, ttl: 600);
        await using WatchedSource node = network.NewWatched();
        (await node.StartAsync(1)).Subnet.ShouldBe(IpPrefix.Parse("10.244.201.0/24"));
        network.Get("subnets/10.244.9.0-24").ShouldBe(twin);
        await node.ShouldSay(network.PathOf(
            "subnets/10.244.9.0-24"), "says it is this node's, 192.168.77.1, with the VTEP MAC 02:00:00:00:00:99");
        network.Delete("subnets/10.244.9.0-24");
        await node.ShouldHaveNoProblem();
    }

    [Fact]
    public async Task Without_a_MAC_to_tell_by_several_keys_of_one_address_are_left()
    {
        using EtcdNetwork network = etcd.NewNetwork(Small);
        network.PutLease("10.244.9.0-24", 1);
        using EtcdLeaseSource source = network.NewSource(out _);
        _ = await source.AcquireAsync(EtcdNetwork.Request(1) with { VtepMac = null }, default).WaitAsync(_patience);
        network.Keys().ShouldContain("10.244.9.0-24");
        source.Problems.Keys.ShouldBe([network.PathOf("subnets/10.244.9.0-24")]);
    }

    [Fact]
    public async Task The_previous_subnet_is_taken_where_it_is_free_and_fits()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        using EtcdLeaseSource source = network.NewSource(out _);
        (await source.AcquireAsync(EtcdNetwork.Request(1, EtcdNetwork.Subnets("10.244.200.0/24")), default)
            .WaitAsync(_patience)).Ipv4
            .ShouldBe(IpPrefix.Parse("10.244.200.0/24"));
        using EtcdLeaseSource second = network.NewSource(out _);
        (await second.AcquireAsync(EtcdNetwork.Request(2, EtcdNetwork.Subnets("10.244.200.0/24")), default)
            .WaitAsync(_patience)).Ipv4
            .ShouldNotBe(IpPrefix.Parse("10.244.200.0/24"));
        using EtcdLeaseSource third = network.NewSource(out _);
        (await third.AcquireAsync(EtcdNetwork.Request(3, EtcdNetwork.Subnets("10.244.201.0/25")), default)
            .WaitAsync(_patience)).Ipv4!.Value.Length.ShouldBe(24);
    }

    [Fact]
    public async Task A_subnet_that_overlaps_a_key_of_any_length_is_not_free()
    {
        using EtcdNetwork network = etcd.NewNetwork(Small);
        network.PutLease("10.244.1.128-25", 2);
        using EtcdLeaseSource source = network.NewSource(out _);
        (await source.AcquireAsync(EtcdNetwork.Request(1, EtcdNetwork.Subnets("10.244.1.0/24")), default)
            .WaitAsync(_patience)).Ipv4
            .ShouldBe(IpPrefix.Parse("10.244.2.0/24"));
    }

    [Fact]
    public async Task A_reservation_of_another_node_is_never_taken()
    {
        using EtcdNetwork network = etcd.NewNetwork(Small);
        network.Put("subnets/10.244.1.0-24", """{"PublicIP":"192.168.77.99"}""");
        using EtcdLeaseSource source = network.NewSource(out _);
        (await source.AcquireAsync(EtcdNetwork.Request(1), default).WaitAsync(_patience)).Ipv4.ShouldBe(
            IpPrefix.Parse("10.244.2.0/24"));
        network.Get("subnets/10.244.1.0-24").ShouldBe("""{"PublicIP":"192.168.77.99"}""");
    }

    [Fact]
    public async Task What_is_reserved_for_this_node_is_used_and_stays_a_reservation()
    {
        using EtcdNetwork network = etcd.NewNetwork();
        network.Put("subnets/10.244.50.0-24", """{"PublicIP":"192.168.77.1"}""");
        network.PutLease("10.244.9.0-24", 1);
        await using WatchedSource node = network.NewWatched();
        Lease own = await node.StartAsync(1);
        own.Subnet.ShouldBe(IpPrefix.Parse("10.244.50.0/24"));
        network.Keys().ShouldBe(["10.244.50.0-24"]);
        await node.ShouldSee(own);
        EtcdKeyValue entry = network.Entry("subnets/10.244.50.0-24")!;
        entry.Lease.ShouldBe(0);
        network.Get("subnets/10.244.50.0-24").ShouldBe(EtcdNetwork.Value(1));
    }

    [Fact]
    public async Task A_reservation_that_does_not_fit_is_said_and_left_alone()
    {
        using EtcdNetwork network = etcd.NewNetwork(Small);
        network.Put("subnets/10.244.50.0-24", """{"PublicIP":"192.168.77.1"}""");
        await using WatchedSource node = network.NewWatched();
        (await node.AcquireAsync(EtcdNetwork.Request(1))).Ipv4.ShouldBeOneOf(
            IpPrefix.Parse("10.244.1.0/24"), IpPrefix.Parse("10.244.2.0/24"));
        await node.ShouldSay(
            network.PathOf("subnets/10.244.50.0-24"), "is reserved for this node, 192.168.77.1, and not used");
        network.Get("subnets/10.244.50.0-24").ShouldBe("""{"PublicIP":"192.168.77.1"}""");
    }

    [Fact]
    public async Task A_configured_subnet_is_taken_or_waited_for()
    {
        using EtcdNetwork network = etcd.NewNetwork(Small);
        network.PutLease("10.244.2.0-24", 1);
        PodCidrRequest request = EtcdNetwork.Request(1) with { Configured = EtcdNetwork.Subnets("10.244.7.0/24") };
        using EtcdLeaseSource source = network.NewSource(out _);
        (await source.AcquireAsync(request, default).WaitAsync(_patience)).ShouldBe(request.Configured);
        network.Keys().ShouldBe(["10.244.7.0-24"]);

        using EtcdLeaseSource outside = network.NewSource(out _);
        InvalidDataException thrown = await Should.ThrowAsync<InvalidDataException>(
            outside.AcquireAsync(
                EtcdNetwork.Request(2) with { Configured = EtcdNetwork.Subnets("10.9.0.0/24") }, default));
        thrown.Message.ShouldContain(
            "Overlay:Subnet is 10.9.0.0/24, which is outside the network 10.244.0.0/16; it should be such as "
            + "10.244.1.0/24");
    }

    [Fact]
    public async Task Without_a_free_subnet_a_node_says_so_and_waits_for_one()
    {
        using EtcdNetwork network = etcd.NewNetwork(Small);
        network.PutLease("10.244.1.0-24", 2);
        network.PutLease("10.244.2.0-24", 3);
        await using WatchedSource node = network.NewWatched();
        Task<PodCidrs> waiting = node.AcquireAsync(EtcdNetwork.Request(1));
        await node.ShouldSay(network.PathOf(
            "subnets"), "has no subnet left for n1: 2 keys take up 10.244.1.0/24 to 10.244.2.0/24 (2 subnets)");
        network.Delete("subnets/10.244.2.0-24");
        (await waiting).Ipv4.ShouldBe(IpPrefix.Parse("10.244.2.0/24"));
        node.Source.Problems.ShouldBeEmpty();
        node.Logger.Of(LogLevel.Warning).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Of_two_nodes_that_race_for_the_last_subnet_one_has_it_every_time()
    {
        for (int race = 0; race < 200; race++)
        {
            using EtcdNetwork network = etcd.NewNetwork(One);
            using CancellationTokenSource stop = new(_patience);
            using EtcdLeaseSource a = network.NewSource(out _, Hasty);
            using EtcdLeaseSource b = network.NewSource(out _, Hasty);
            Task<PodCidrs> first = a.AcquireAsync(EtcdNetwork.Request(1), stop.Token);
            Task<PodCidrs> second = b.AcquireAsync(EtcdNetwork.Request(2), stop.Token);
            Task<PodCidrs> winner = await Task.WhenAny(first, second);
            (await winner).Ipv4.ShouldBe(IpPrefix.Parse("10.244.1.0/24"));
            EtcdLeaseSource loser = winner == first ? b : a;
            while (loser.Problems.Count == 0) await Task.Delay(1, stop.Token);
            loser.Problems.Values.ShouldHaveSingleItem().ShouldContain("has no subnet left");
            (winner == first ? second : first).IsCompleted.ShouldBeFalse();
            network.Get("subnets/10.244.1.0-24")!.ShouldContain(winner == first ? "192.168.77.1\"" : "192.168.77.2\"");
            await stop.CancelAsync();
        }

        static EtcdOptions Hasty(EtcdOptions options) => options with { RaceWait = TimeSpan.FromMilliseconds(1) };
    }

    [Fact]
    public async Task Nodes_that_start_together_get_subnets_that_overlap_in_neither_family()
    {
        // Twelve IPv4 and twelve IPv6 subnets for twelve nodes: keys differ also where one of their families is the
        // same.
        using EtcdNetwork network = etcd.NewNetwork(
            """{"Network":"10.244.0.0/16","SubnetMin":"10.244.1.0","SubnetMax":"10.244.12.0","EnableIPv6":true,"IPv6Network":"fd00:10:244::/48","IPv6SubnetMin":"fd00:10:244:1::","IPv6SubnetMax":"fd00:10:244:c::","Backend":{"Type":"vxlan"}}""");
        List<CollectingLogger<EtcdLeaseSource>> loggers = [];
        List<EtcdLeaseSource> sources = [];
        for (int number = 1; number <= 12; number++)
        {
            sources.Add(network.NewSource(out CollectingLogger<EtcdLeaseSource> logger));
            loggers.Add(logger);
        }

        PodCidrs[] subnets = await Task.WhenAll(sources.Select(
            (source, i) => source.AcquireAsync(EtcdNetwork.Request(i + 1), default).WaitAsync(_patience)));
        subnets.Select(static one => one.Ipv4).Distinct().Count().ShouldBe(12);
        subnets.Select(static one => one.Ipv6).Distinct().Count().ShouldBe(12);
        network.Keys().Count.ShouldBe(12);
        foreach (CollectingLogger<EtcdLeaseSource> logger in loggers)
            logger.Of(LogLevel.Information)
                .Count(static line => line.Contains("same moment")).ShouldBeLessThanOrEqualTo(1);
        loggers.Sum(static logger => logger.Of(LogLevel.Information).Count(static line => line.Contains("same moment")))
            .ShouldBeGreaterThan(0);
        sources.ForEach(static source => source.Dispose());
    }
}
