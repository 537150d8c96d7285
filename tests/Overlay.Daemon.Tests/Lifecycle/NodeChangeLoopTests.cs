using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Reconciliation;
using Overlay.ControlPlane.State;
using Overlay.ControlPlane.Trust;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class NodeChangeLoopTests : IDisposable
{
    private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "loop", Nodes = 1, PodsPerNode = 0 });
    private readonly TestStore _store = new();
    private readonly Channel<NodeChange> _changes = Channel.CreateUnbounded<NodeChange>();
    private readonly TestDescriptorStore _kept = new();
    private readonly CancellationTokenSource _leaving = new();
    private NodeRig _rig = null!;
    private OverlayOptions _options = null!;
    private LocalNode _node = null!;

    public NodeChangeLoopTests() => _lab.Guard(() =>
    {
        _rig = new NodeRig(Node);
        _options = _rig.Options(("SubnetFile", Node.SubnetFile));
        _node = _rig.Make(_options);
        _rig.Start(_node);
    });

    private Node Node => _lab.Nodes[0];

    [Fact]
    public void Changes_are_applied_one_after_the_other_and_each_is_announced()
    {
        Post(Reassigned("10.244.8.0/24"), new NodeChange.Moved(), Reassigned("10.244.9.0/24"));
        Run(() => _store.Published.Count == 3);
        _store.Published.Select(static lease => lease.Subnet!.Value.ToString())
            .ShouldBe(["10.244.8.0/24", "10.244.8.0/24", "10.244.9.0/24"]);
        File.ReadAllText(Node.SubnetFile).ShouldContain("FLANNEL_SUBNET=10.244.9.1/24\n");
        _kept.Kept.ShouldNotBeNull().Tun.Queues.ShouldBe(_node.Descriptors!.Tun.Queues, "those of the device that there is now");
    }

    [Fact]
    public void Nothing_changes_a_node_that_is_being_handed_over()
    {
        NodeChange.HandingOver handing = new();
        Post(handing, new NodeChange.Moved());
        Run(() => handing.Begun.Task.IsCompleted);
        _store.Published.ShouldBeEmpty();
    }

    [Fact]
    public void A_refused_assignment_stays_a_problem_when_the_underlay_moves_and_goes_with_a_good_one()
    {
        Post(Reassigned("10.99.9.0/24"), new NodeChange.Moved());
        Run(() => _store.Published.Count == 1);
        _store.Published[0].Subnet.ShouldBe(IpPrefix.Parse("10.244.1.0/24"));
        _rig.Problems.Problems.ShouldHaveSingleItem().ShouldStartWith("this node stays as it is: ");
    }

    [Fact]
    public async Task A_node_that_cannot_be_made_by_the_new_settings_forwards_as_before()
    {
        Node.Ip("route add 10.60.0.0/16 via 192.168.77.250 proto static");
        OverlayOptions impossible =
            _rig.Options(("SubnetFile", Node.SubnetFile), ("Network:Cidr", "10.60.0.0/16"), ("Subnet", "10.60.1.0/24"));
        NodeChange.Settled settled =
            new(new NodePlan(impossible, NodeSettings.None, _node.Underlay, null, IsFromSavedState: false));
        Post(settled);
        Run(() => settled.Tried.Task.IsCompleted);
        (await settled.Tried.Task).ShouldBeFalse();
        _node.Options.ShouldBe(_options);
        Node.Run("ip", "route").Output.ShouldContain("10.244.0.0/16 dev overlay.1 proto 79");
        _rig.Problems.Problems.ShouldHaveSingleItem().ShouldContain("10.60.0.0/16");
        _store.Published.ShouldBeEmpty();
    }

    public void Dispose()
    {
        _rig.Stop(_node);
        _leaving.Dispose();
        _lab.Dispose();
    }

    private static NodeChange Reassigned(string podCidr) =>
        new NodeChange.Reassigned(new PodCidrs(IpPrefix.Parse(podCidr), null));

    private void Post(params NodeChange[] changes)
    {
        foreach (NodeChange change in changes) _changes.Writer.TryWrite(change).ShouldBeTrue();
    }

    /// <summary>Runs the loop until the condition holds.</summary>
    private void Run(Func<bool> condition) => NamespacePump.Run(Node, async () =>
    {
        Task running = Loop().RunAsync(_leaving.Token);
        for (int look = 0; look < 1000 && !condition(); look++) await Task.Delay(10);
        condition().ShouldBeTrue();
        await _leaving.CancelAsync();
        _ = await Should.ThrowAsync<OperationCanceledException>(running);
    });

    private NodeChangeLoop Loop()
    {
        NodePublisher publisher = new(
            _options, _store, new SavedAssignment(_options, _store.Location, new AssignmentFile(
                Node.StateDirectory, NullLogger<AssignmentFile>.Instance)),
            null, _rig.Problems, new FastTime(), NullLogger<NodePublisher>.Instance);
        publisher.Begin(new NodePlan(_options, NodeSettings.None, _node.Underlay, null, IsFromSavedState: false));
        LeaseReconciler reconciler = new(
            _node.Own, _node.Plan, TimeSpan.Zero, _rig.Context.Table, TimeProvider.System,
            NullLogger<LeaseReconciler>.Instance);
        LeaseFollower follower = new(
            _store, reconciler, new SnapshotHold(TimeSpan.Zero, TimeProvider.System, NullLogger<SnapshotHold>.Instance),
            new SavedLeases(Node.StateDirectory, _store.Location, NullLogger<SavedLeases>.Instance),
            TimeProvider.System, NullLogger<LeaseFollower>.Instance);
        return new NodeChangeLoop(
            _changes.Reader, _node, follower, publisher, _kept, _rig.Problems, NullLogger<NodeChangeLoop>.Instance);
    }
}
