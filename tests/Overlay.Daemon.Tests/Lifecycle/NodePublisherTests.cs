using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Daemon.Underlay;
using Overlay.Host.Netlink;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class NodePublisherTests : IDisposable
{
    private readonly TempDirectory _state = new();
    private readonly TestStore _store = new();
    private readonly ProblemBoard _problems = new(NullLogger<ProblemBoard>.Instance);
    private readonly CollectingLogger<NodePublisher> _logger = new();
    private readonly CancellationTokenSource _stop = new();

    [Fact]
    public async Task Nothing_is_published_or_saved_before_the_store_has_answered()
    {
        NodePublisher publisher = Publisher("Etcd");
        publisher.Begin(Plan(isFromSavedState: true));
        await publisher.PublishAsync(Own(), Options("Etcd"), _stop.Token);
        publisher.IsSettled.ShouldBeFalse();
        _store.Published.ShouldBeEmpty();
        Saved("Etcd").Load().ShouldBeNull();

        publisher.Settle(NodeSettings.None);
        await publisher.PublishAsync(Own(), Options("Etcd"), _stop.Token);
        _store.Published.ShouldHaveSingleItem().ShouldBe(Own());
        Saved("Etcd").Load()!.PodCidrs.Ipv4.ShouldBe(IpPrefix.Parse("10.244.1.0/24"));
        _logger.Of(LogLevel.Information).ShouldHaveSingleItem().ShouldBe("Test memory answers");
    }

    [Fact]
    public async Task A_store_that_refuses_the_lease_is_logged_and_the_node_goes_on()
    {
        NodePublisher publisher = Publisher("File");
        publisher.Begin(Plan(isFromSavedState: false));
        _store.Publishing = static () => throw new IOException("no space");
        await publisher.PublishAsync(Own(), Options("File"), _stop.Token);
        _logger.Of(LogLevel.Error).ShouldHaveSingleItem().ShouldBe("could not publish the lease of a: no space");
    }

    [Fact]
    public async Task Readiness_is_reported_when_the_store_has_answered_and_no_problem_is_left()
    {
        NodePublisher publisher = Publisher("File");
        _problems.Report("device", ProblemSeverity.Problem, "down");
        Task reporting = publisher.ReportReadyAsync(_stop.Token);
        publisher.Begin(Plan(isFromSavedState: false));
        await Task.Delay(100);
        _store.IsReadyReported.ShouldBeFalse();
        _problems.Report("device", ProblemSeverity.Warning, "slow");
        await reporting.WaitAsync(TimeSpan.FromSeconds(10));
        _store.IsReadyReported.ShouldBeTrue();
    }

    [Fact]
    public async Task A_report_of_readiness_that_fails_is_tried_again_and_logged_once()
    {
        NodePublisher publisher = Publisher("File");
        publisher.Begin(Plan(isFromSavedState: false));
        int failures = 3;
        _store.Reporting = () =>
        {
            if (failures-- > 0) throw new IOException("away");
        };
        await publisher.ReportReadyAsync(_stop.Token).WaitAsync(TimeSpan.FromSeconds(10));
        failures.ShouldBe(-1);
        _logger.Of(LogLevel.Error).ShouldHaveSingleItem().ShouldContain("away");
    }

    [Fact]
    public void A_pod_cidr_of_another_node_ends_the_start_where_it_is_configured_and_is_logged_where_the_store_gave_it()
    {
        Lease rival = Own() with { Node = "b", PublicIp = IpAddress.Parse("192.0.2.2") };
        PeersSnapshot peers = new([new PeerLease(rival, LeaseVerdict.Accepted, null)], null);
        _ = Should.Throw<ConfigurationException>(() => Publisher("File").CheckConflicts(Own(), null, peers));
        Publisher("Etcd").CheckConflicts(Own(), null, peers);
        _logger.Of(LogLevel.Error).ShouldHaveSingleItem().ShouldContain("node b");
    }

    [Fact]
    public async Task What_is_withdrawn_is_kept_against_those_that_wait_for_it()
    {
        Lease rival = Own() with { Node = "b", PublicIp = IpAddress.Parse("192.0.2.2") };
        PeersSnapshot peers = new([new PeerLease(rival, LeaseVerdict.Refused, "a has it")], null);
        bool isWithdrawn = false;
        _store.Withdrawing = () => isWithdrawn = true;
        await Publisher("File").WithdrawAsync(Own(), peers);
        isWithdrawn.ShouldBeTrue();

        // The next run does not take the rival for one that held it first.
        Publisher("File").CheckConflicts(Own(), null, peers);
    }

    [Fact]
    public async Task A_subnet_file_that_cannot_be_written_ends_a_start_and_not_a_running_node()
    {
        NodePublisher publisher = Publisher("File");
        _ = Directory.CreateDirectory(_state["subnet.env"]);
        Should.Throw<IOException>(
            () => publisher.WriteSubnetFile(Options("File"), 1450)).Message.ShouldStartWith("Overlay:SubnetFile ");
        await publisher.TryWriteSubnetFileAsync(Options("File"), 1450);
        _logger.Of(LogLevel.Error).ShouldHaveSingleItem().ShouldContain("could not write the subnet file");
        Directory.Delete(_state["subnet.env"]);
        publisher.WriteSubnetFile(Options("File"), 1450);
        File.ReadAllText(_state["subnet.env"]).ShouldContain("FLANNEL_MTU=1450\n");
        await publisher.RemoveSubnetFileAsync();
        File.Exists(_state["subnet.env"]).ShouldBeFalse();
    }

    public void Dispose()
    {
        _stop.Dispose();
        _state.Dispose();
    }

    private static Lease Own() => new()
    {
        Node = "a",
        Subnet = IpPrefix.Parse("10.244.1.0/24"),
        PublicIp = IpAddress.Parse("192.0.2.1"),
        BackendData = new VtepData(new Vni(1), NodeRig.Mac),
    };

    private NodePlan Plan(bool isFromSavedState) => new(
        Options("File"), NodeSettings.None,
        new UnderlayInterface(new LinkInfo(2, "eth0", 1500, true, ""), IpAddress.Parse("192.0.2.1").ToIpv4(), null, []),
        null, isFromSavedState);

    private SavedAssignment Saved(string kind) =>
        new(Options(kind), _store.Location, new AssignmentFile(_state.Path, NullLogger<AssignmentFile>.Instance));

    private OverlayOptions Options(string kind) =>
        TestOptions.With(
            ("ControlPlane:Kind", kind), ("StateDirectory", _state.Path), ("SubnetFile", _state["subnet.env"]));

    private NodePublisher Publisher(string kind) => new(
        Options(kind), _store, Saved(kind),
        new WithdrawnClaimStore(
            _state.Path, _store.Location, TimeProvider.System, NullLogger<WithdrawnClaimStore>.Instance),
        _problems, new FastTime(), _logger);
}
