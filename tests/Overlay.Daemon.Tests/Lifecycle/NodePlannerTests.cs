using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>On the loopback of the machine: nothing is made, an interface is only looked for.</summary>
public sealed class NodePlannerTests : IDisposable
{
    private static readonly PodCidrs _given = new(IpPrefix.Parse("10.5.7.0/24"), null);
    private static readonly NodeSettings _settings = new(
        new NetworkSettings
        {
            Cidr = IpPrefix.Parse(
            "10.5.0.0/16"),
            SubnetLength = 24,
            SubnetLengthV6 = 64,
            Vni = new Vni(1),
            Port = 8472
        }, null, null);

    private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "plan", Nodes = 1, PodsPerNode = 0 });
    private readonly TestStore _store = new() { Settings = _settings, PodCidrs = _given };
    private readonly CollectingLogger<NodePlanner> _logger = new();
    private readonly CancellationTokenSource _stop = new();

    [Fact]
    public async Task A_start_without_saved_state_waits_for_the_store_and_says_for_what()
    {
        _store.GoAway();
        NodePlanner planner = Planner();
        Task<NodePlan> planning = planner.PlanAsync(_stop.Token);
        await EventuallyAsync(() => planner.WaitingFor is not null);
        planner.WaitingFor!.ShouldStartWith("Test memory: ");
        await EventuallyAsync(() => _logger.Of(LogLevel.Information).Count > 0);
        planning.IsCompleted.ShouldBeFalse();

        _store.ComeBack();
        NodePlan plan = await planning;
        plan.IsFromSavedState.ShouldBeFalse();
        plan.Options.Subnet.ShouldBe(_given.Ipv4);
        plan.Options.Network.Cidr.ShouldBe(IpPrefix.Parse("10.5.0.0/16"));
        planner.WaitingFor.ShouldBeNull();
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(100, false)]
    public async Task The_earlier_lease_is_asked_for_more_than_once_and_not_for_ever(int failures, bool isFound)
    {
        _store.Held = new Lease { Node = "a", Subnet = _given.Ipv4, PublicIp = IpAddress.Parse("192.168.77.1") };
        _store.FindFailures = failures;
        NodePlan plan = await Planner().PlanAsync(_stop.Token);
        plan.Known.ShouldBe(isFound ? _store.Held : null);
        _logger.Of(LogLevel.Error).Count.ShouldBe(isFound ? 0 : 1);
    }

    [Fact]
    public async Task Told_to_stop_while_it_waits_it_stops()
    {
        _store.GoAway();
        Task<NodePlan> planning = Planner().PlanAsync(_stop.Token);
        await _stop.CancelAsync();
        _ = await Should.ThrowAsync<OperationCanceledException>(planning.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task With_saved_state_a_store_that_is_away_is_waited_for_only_a_moment_and_asked_until_it_answers()
    {
        await SaveAsync();
        _store.GoAway();
        NodePlanner planner = Planner();
        NodePlan plan = await planner.PlanAsync(_stop.Token);
        plan.IsFromSavedState.ShouldBeTrue();
        plan.Options.Subnet.ShouldBe(_given.Ipv4);
        plan.Options.Network.Cidr.ShouldBe(IpPrefix.Parse("10.5.0.0/16"));
        _logger.Warnings.ShouldHaveSingleItem().ShouldContain("does not answer");

        Task<NodePlan> settling = planner.SettleAsync(_stop.Token);
        await Task.Delay(100);
        settling.IsCompleted.ShouldBeFalse();
        _store.PodCidrs = new PodCidrs(IpPrefix.Parse("10.5.8.0/24"), null);
        _store.ComeBack();
        NodePlan settled = await settling;
        settled.IsFromSavedState.ShouldBeFalse();
        settled.Options.Subnet.ShouldBe(IpPrefix.Parse("10.5.8.0/24"));
    }

    [Fact]
    public async Task What_is_settled_as_it_was_saved_equals_it()
    {
        await SaveAsync();
        _store.GoAway();
        NodePlanner planner = Planner();
        NodePlan plan = await planner.PlanAsync(_stop.Token);
        _store.ComeBack();
        (await planner.SettleAsync(_stop.Token)).Options.ShouldBe(plan.Options);
    }

    [Fact]
    public async Task A_store_that_says_nonsense_stops_a_first_start_and_no_later_one()
    {
        _store.Fault = new InvalidDataException("etcd key /x '1' is no network; example: {}");
        (await Should.ThrowAsync<ConfigurationException>(Planner().PlanAsync(_stop.Token))).Message.ShouldBe(
            _store.Fault.Message);

        _store.Fault = null;
        await SaveAsync();
        _store.Fault = new InvalidDataException("etcd key /x '1' is no network; example: {}");
        (await Planner().PlanAsync(_stop.Token)).IsFromSavedState.ShouldBeTrue();
        _logger.Of(LogLevel.Error).ShouldContain(line => line.Contains("etcd key /x"));
    }

    [Fact]
    public async Task What_another_store_gave_is_no_state_to_start_from_but_a_wish()
    {
        await SaveAsync();
        _store.Location = new StoreLocation("Test", "elsewhere");
        _store.GoAway();
        NodePlanner planner = Planner();
        Task<NodePlan> planning = planner.PlanAsync(_stop.Token);
        await EventuallyAsync(() => _logger.Of(LogLevel.Information).Count > 0);
        planning.IsCompleted.ShouldBeFalse();
        _store.ComeBack();
        _ = await planning;
        _store.Request!.Previous.ShouldBe(_given);
        _store.Request.PublicIp.ShouldBe(IpAddress.Parse("192.168.77.1"));
    }

    [Fact]
    public async Task Without_state_of_ours_flannels_subnet_file_tells_what_this_node_had()
    {
        File.WriteAllText(_lab.Nodes[0].SubnetFile, "FLANNEL_SUBNET=10.5.44.1/24\n");
        _ = await Planner().PlanAsync(_stop.Token);
        _store.Request!.Previous.ShouldBe(new PodCidrs(IpPrefix.Parse("10.5.44.0/24"), null));
    }

    [Fact]
    public async Task A_lease_that_is_found_before_pod_cidrs_are_given_is_the_known_one()
    {
        _store.Held = TestLease;
        (await Planner().PlanAsync(_stop.Token)).Known.ShouldBe(_store.Held);
        _store.Asked.ShouldBe(["settings", "find", "acquire"]);
    }

    [Fact]
    public async Task A_store_without_names_is_asked_for_the_lease_again_once_it_has_given_pod_cidrs()
    {
        (_store.Held, _store.HasNoNames) = (TestLease, true);
        (await Planner().PlanAsync(_stop.Token)).Known.ShouldBe(_store.Held);
        _store.Asked.ShouldBe(["settings", "find", "acquire", "find"]);
    }

    [Fact]
    public async Task What_flannel_has_written_since_comes_before_what_this_node_was_given()
    {
        await SaveAsync();
        File.WriteAllText(_lab.Nodes[0].SubnetFile, "FLANNEL_NETWORK=10.5.0.0/16\nFLANNEL_SUBNET=10.5.44.1/24\n");
        File.WriteAllText(Path.Combine(_lab.Nodes[0].StateDirectory, "vtep.json"), """{"VtepMAC":"02:00:00:00:00:07"}""");
        PodCidrs written = new(IpPrefix.Parse("10.5.44.0/24"), null);
        _ = await Planner().PlanAsync(_stop.Token);
        _store.Request!.Previous.ShouldBe(written);
        _store.Request.VtepMac.ShouldBe(MacAddress.Parse("02:00:00:00:00:07"));

        _store.GoAway();
        NodePlan plan = await Planner().PlanAsync(_stop.Token);
        plan.IsFromSavedState.ShouldBeTrue();
        plan.Options.Subnet.ShouldBe(written.Ipv4);
    }

    [Fact]
    public async Task What_is_written_of_another_network_is_nothing_to_start_with()
    {
        await SaveAsync();
        File.WriteAllText(_lab.Nodes[0].SubnetFile, "FLANNEL_SUBNET=10.99.44.1/24\n");
        _store.GoAway();
        (await Planner().PlanAsync(_stop.Token)).Options.Subnet.ShouldBe(_given.Ipv4);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _lab.Dispose();
    }

    private static Lease TestLease => new()
    {
        Node = "a",
        Subnet = _given.Ipv4,
        PublicIp = IpAddress.Parse("192.168.77.1"),
        BackendData = new VtepData(new Vni(1), MacAddress.Parse("02:00:00:00:04:01")),
    };

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        for (int look = 0; look < 2000 && !condition(); look++) await Task.Delay(10);
        condition().ShouldBeTrue();
    }

    private async Task SaveAsync()
    {
        NodePlan plan = await Planner().PlanAsync(_stop.Token);
        Saved().Save(plan.Settings, plan.Options);
    }

    private NodePlanner Planner() => new(
        Options(), _store, Saved(), found => _lab.Nodes[0].Invoke(() => UnderlayDiscovery.Find(found)),
        new UnderlayWait(TimeProvider.System, NullLogger<UnderlayWait>.Instance), TimeProvider.System, _logger);

    private SavedAssignment Saved() =>
        new(Options(), _store.Location, new AssignmentFile(
            _lab.Nodes[0].StateDirectory, NullLogger<AssignmentFile>.Instance));

    private OverlayOptions Options() => TestOptions.With(
        ("ControlPlane:Kind", "Etcd"), ("Network:Cidr", ""), ("Subnet", ""),
        ("StateDirectory", _lab.Nodes[0].StateDirectory), ("SubnetFile", _lab.Nodes[0].SubnetFile),
        ("Interface", "eth0"));
}
