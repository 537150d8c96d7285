using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Hosting;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;
using Overlay.Lab.Topology;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>
/// The node's life from start to stop, composed as the daemon composes it, in a network namespace, with a store and a
/// clock of the tests.
/// </summary>
public sealed class NodeLifecycleTests : IDisposable
{
    private static readonly PodCidrs _given = new(IpPrefix.Parse("10.244.8.0/24"), null);

    private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "life", Nodes = 1, PodsPerNode = 0 });
    private readonly TestStore _store = new();

    private Node Node => _lab.Nodes[0];

    private string Routes => Node.Run("ip", "route").Output;

    private bool HasDevice => Node.Run("ip", "link", "show", "overlay.1").Succeeded;

    [Fact]
    public void A_start_publishes_the_node_and_a_stop_leaves_nothing_of_it() => Run(async () =>
    {
        await using ServiceProvider provider = Compose();
        (NodeLifecycle life, NodeStatus status) = Of(provider);
        life.Phase.ShouldBeOfType<NodePhase.Planning>();
        status.HasNode.ShouldBeFalse();
        _store.Say(new LeaseUpdate.Snapshot([LeaseOf("b", 2)]));
        await life.StartAsync(CancellationToken.None);

        life.Phase.ShouldBeOfType<NodePhase.Running>();
        status.Started.ShouldNotBeNull();
        status.IsFromSavedState.ShouldBeFalse();
        status.Peers.Peers.ShouldHaveSingleItem().Verdict.ShouldBe(LeaseVerdict.Accepted);
        _store.Published.ShouldHaveSingleItem().Subnet.ShouldBe(IpPrefix.Parse("10.244.1.0/24"));
        File.ReadAllText(Node.SubnetFile).ShouldContain("FLANNEL_SUBNET=10.244.1.1/24\n");
        await EventuallyAsync(() => _store.IsReadyReported);

        // Peers hear first, while packets they have sent are still taken; then the subnet file goes, then the device.
        bool hadAll = false;
        _store.Withdrawing = () => hadAll = HasDevice && File.Exists(Node.SubnetFile);
        await life.StopAsync();
        hadAll.ShouldBeTrue();
        life.Phase.ShouldBeOfType<NodePhase.Stopped>();
        ShouldHaveLeftNothing();
    });

    [Fact]
    public void A_node_that_starts_without_its_store_is_as_it_was_and_becomes_what_the_store_wants_when_it_answers() =>
        Run(async () =>
    {
        await RunOnceAsync();
        _store.GoAway();
        await using ServiceProvider provider = Compose(("ControlPlane:Kind", "Etcd"), ("Subnet", ""));
        (NodeLifecycle life, NodeStatus status) = Of(provider);
        await life.StartAsync(CancellationToken.None);
        status.IsFromSavedState.ShouldBeTrue();
        status.Options.Subnet.ShouldBe(_given.Ipv4);
        _store.Published.Count.ShouldBe(1, "of the first run");

        _store.PodCidrs = new PodCidrs(IpPrefix.Parse("10.244.9.0/24"), null);
        _store.ComeBack();
        _store.Say(new LeaseUpdate.Snapshot([]));
        await EventuallyAsync(() => _store.Published.Count == 2);
        _store.Published[1].Subnet.ShouldBe(IpPrefix.Parse("10.244.9.0/24"));
        await EventuallyAsync(() => !status.IsFromSavedState);
        await EventuallyAsync(() =>
            File.ReadAllText(Node.SubnetFile).Contains("FLANNEL_SUBNET=10.244.9.1/24\n", StringComparison.Ordinal));
        Routes.ShouldContain("blackhole 10.244.9.0/24");
        await EventuallyAsync(() => _store.IsReadyReported);
        await life.StopAsync();
        ShouldHaveLeftNothing();
    });

    [Fact]
    public void What_the_store_wants_and_this_node_cannot_be_is_refused_until_it_wants_something_else() =>
        Run(async () =>
    {
        await RunOnceAsync();
        _store.GoAway();
        await using ServiceProvider provider = Compose(("ControlPlane:Kind", "Etcd"), ("Subnet", ""));
        (NodeLifecycle life, NodeStatus status) = Of(provider);
        await life.StartAsync(CancellationToken.None);
        _store.PodCidrs = new PodCidrs(IpPrefix.Parse("10.99.9.0/24"), null);
        _store.ComeBack();
        await EventuallyAsync(() =>
            status.Problems.Any(problem => problem.StartsWith("this node stays as it is: ", StringComparison.Ordinal)));
        status.Options.Subnet.ShouldBe(_given.Ipv4);
        status.IsReady.ShouldBeFalse();
        _store.Published.Count.ShouldBe(1, "of the first run");

        _store.PodCidrs = _given;
        await EventuallyAsync(() => _store.Published.Count == 2);
        status.Problems.ShouldBeEmpty();
    });

    [Fact]
    public void Other_pod_cidrs_are_taken_while_the_node_runs_and_a_refused_one_keeps_the_former() => Run(async () =>
    {
        await using ServiceProvider provider = Compose();
        (NodeLifecycle life, NodeStatus status) = Of(provider);
        _store.Say(new LeaseUpdate.Snapshot([LeaseOf("b", 2)]));
        await life.StartAsync(CancellationToken.None);
        _store.Reassign(new PodCidrs(IpPrefix.Parse("10.99.9.0/24"), null));
        await EventuallyAsync(() => status.Problems.Count == 1);
        status.Options.Subnet.ShouldBe(IpPrefix.Parse("10.244.1.0/24"));
        _store.Published.Count.ShouldBe(1);

        _store.Reassign(_given);
        await EventuallyAsync(() => _store.Published.Count == 2);
        _store.Published[1].Subnet.ShouldBe(_given.Ipv4);
        await EventuallyAsync(() => status.Problems.Count == 0);
        ForwardingTable table = provider.GetRequiredService<TablePublisher>().Current;
        table.Routes.Single(static route => route.IsLocal).Prefix.ShouldBe(_given.Ipv4!.Value);
        table.Routes.Count(static route => !route.IsLocal).ShouldBe(1, "peers stay");
    });

    [Fact]
    public void Another_underlay_address_is_taken_and_announced_and_one_that_meets_the_address_plan_is_refused() =>
        Run(async () =>
    {
        await using ServiceProvider provider = Compose();
        (NodeLifecycle life, NodeStatus status) = Of(provider);
        _store.Say(new LeaseUpdate.Snapshot([]));
        await life.StartAsync(CancellationToken.None);
        Node.Ip("address delete 192.168.77.1/24 dev eth0", "address add 192.168.77.50/24 dev eth0");
        await EventuallyAsync(() => _store.Published.Count == 2);
        _store.Published[1].PublicIp.ShouldBe(IpAddress.Parse("192.168.77.50"));
        _store.Published[1].BackendData!.Mac.ShouldBe(_store.Published[0].BackendData!.Mac);

        Node.Ip("address delete 192.168.77.50/24 dev eth0", "address add 10.96.0.5/24 dev eth0");
        await EventuallyAsync(
            () => status.Problems.Any(static problem => problem.Contains("stays as it is", StringComparison.Ordinal)));
        Node.Ip("address delete 10.96.0.5/24 dev eth0", "address add 192.168.77.50/24 dev eth0");
        await EventuallyAsync(() => status.Problems.Count == 0);
    });

    [Fact]
    public void A_start_that_fails_behind_the_first_packets_takes_all_back() => Run(async () =>
    {
        _ = Directory.CreateDirectory(Path.Combine(Node.SubnetFile, "in-the-way"));
        bool isWithdrawn = false;
        _store.Withdrawing = () => isWithdrawn = true;
        _store.Say(new LeaseUpdate.Snapshot([]));
        ServiceProvider provider = Compose();
        (await Should.ThrowAsync<IOException>(
            Of(provider).Life.StartAsync(CancellationToken.None))).Message.ShouldStartWith("Overlay:SubnetFile ");
        _store.Published.Count.ShouldBe(1);
        await provider.DisposeAsync();
        isWithdrawn.ShouldBeTrue();
        Directory.Delete(Node.SubnetFile, recursive: true);
        ShouldHaveLeftNothing();
    });

    [Fact]
    public void A_pod_cidr_that_another_node_holds_ends_the_start_and_nothing_is_published_or_left() => Run(async () =>
    {
        _store.Withdrawing = static () => throw new InvalidOperationException("nothing was published");
        _store.Say(new LeaseUpdate.Snapshot([LeaseOf("b", 1)]));
        ServiceProvider provider = Compose();
        (await Should.ThrowAsync<ConfigurationException>(
            Of(provider).Life.StartAsync(CancellationToken.None))).Message.ShouldContain("node b");
        await provider.DisposeAsync();
        _store.Published.ShouldBeEmpty();
        ShouldHaveLeftNothing();
    });

    [Fact]
    public void A_start_from_saved_state_that_fails_asks_the_store_no_more() => Run(async () =>
    {
        await RunOnceAsync();
        _store.GoAway();
        Node.Ip("route add 10.244.0.0/16 via 192.168.77.250 proto static");
        ServiceProvider provider = Compose(("ControlPlane:Kind", "Etcd"), ("Subnet", ""));
        _ = await Should.ThrowAsync<ConfigurationException>(Of(provider).Life.StartAsync(CancellationToken.None));
        await provider.DisposeAsync();
        int asked = _store.Asked.Count;
        _store.ComeBack();
        await Task.Delay(200);
        _store.Asked.Count.ShouldBe(asked, "a node that never started gets no pod CIDRs");
        ShouldHaveLeftNothing();
    });

    [Fact]
    public void Told_to_stop_while_the_store_is_waited_for_it_ends() => Run(async () =>
    {
        _store.GoAway();
        using CancellationTokenSource stop = new();
        ServiceProvider provider = Compose();
        (NodeLifecycle life, NodeStatus status) = Of(provider);
        Task starting = life.StartAsync(stop.Token);
        await EventuallyAsync(() => status.WaitingFor is not null);
        await stop.CancelAsync();
        _ = await Should.ThrowAsync<OperationCanceledException>(starting);
        await provider.DisposeAsync();
        life.Phase.ShouldBeOfType<NodePhase.Stopped>();
    });

    [Fact]
    public void A_node_that_is_handed_over_leaves_lease_subnet_file_and_the_kernels_state_to_another() =>
        Run(async () =>
    {
        _store.Withdrawing = static () => throw new InvalidOperationException("the other process has it");
        _store.Say(new LeaseUpdate.Snapshot([]));
        ServiceProvider provider = Compose();
        NodeLifecycle life = Of(provider).Life;
        await life.StartAsync(CancellationToken.None);
        await life.HandOverAsync();
        life.Phase.ShouldBeOfType<NodePhase.HandedOver>();
        HasDevice.ShouldBeTrue();
        await provider.DisposeAsync();
        life.Phase.ShouldBeOfType<NodePhase.Stopped>();
        File.Exists(Node.SubnetFile).ShouldBeTrue();
        Routes.ShouldContain("blackhole 10.244.1.0/24 proto 79");
        HasDevice.ShouldBeTrue("with addresses and routes, also where nobody has taken its descriptor");
    });

    [Fact]
    public void A_device_that_goes_while_the_node_runs_ends_the_daemon() => Run(async () =>
    {
        await using ServiceProvider provider = Compose();
        _store.Say(new LeaseUpdate.Snapshot([]));
        await Of(provider).Life.StartAsync(CancellationToken.None);
        Node.Ip("link delete overlay.1");
        await EventuallyAsync(
            () => provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
        provider.GetRequiredService<ProcessOutcome>().ExitCode.ShouldBe(ExitCode.Failure);
    });

    public void Dispose() => _lab.Dispose();

    private static (NodeLifecycle Life, NodeStatus Status) Of(IServiceProvider provider) =>
        (provider.GetRequiredService<NodeLifecycle>(), provider.GetRequiredService<NodeStatus>());

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        for (int look = 0; look < 1000 && !condition(); look++) await Task.Delay(10);
        condition().ShouldBeTrue();
    }

    private static Lease LeaseOf(string node, int number) => new()
    {
        Node = node,
        Subnet = IpPrefix.Parse($"10.244.{number}.0/24"),
        PublicIp = IpAddress.Parse($"192.168.77.{number + 100}"),
        BackendData = new VtepData(new Vni(1), MacAddress.Parse($"02:00:00:00:00:0{number}")),
    };

    private void Run(Func<Task> test) => NamespacePump.Run(Node, test);

    // A run with the store leaves what a start without it needs.
    private async Task RunOnceAsync()
    {
        _store.PodCidrs = _given;
        _store.Say(new LeaseUpdate.Snapshot([]));
        await using ServiceProvider provider = Compose(("ControlPlane:Kind", "Etcd"), ("Subnet", ""));
        await Of(provider).Life.StartAsync(CancellationToken.None);
    }

    private ServiceProvider Compose(params (string, string)[] keys)
    {
        OverlayOptions options = TestOptions.With(
            [("StateDirectory", Node.StateDirectory), ("SubnetFile", Node.SubnetFile), ("Interface", "eth0"),
                ("ServiceCidrs:0", "10.96.0.0/12"), .. keys]);
        return new ServiceCollection()
            .AddLogging()
            .AddSingleton<ILeaseSource>(_store)
            .AddSingleton<TimeProvider>(new FastTime())
            .AddSingleton<IHostApplicationLifetime, ApplicationLifetime>()
            .AddNode(options)

            // The planner asks on a thread of the pool, which is in no node's namespace.
            .AddSingleton<Func<OverlayOptions, UnderlayFinding>>(
                found => Node.Invoke(() => UnderlayDiscovery.Find(found)))
            .BuildServiceProvider();
    }

    private void ShouldHaveLeftNothing()
    {
        HasDevice.ShouldBeFalse();
        Routes.ShouldNotContain("proto 79");
        Path.Exists(Node.SubnetFile).ShouldBeFalse();
        Node.Run("ss", "-lnu").Output.ShouldNotContain(":8472");
        Node.Run("nft", "list", "tables").Output.ShouldNotContain("overlay-1");
    }
}
