using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;
using Overlay.Lab.Topology;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>A node of a lab with one network on it, and what the network reports to.</summary>
internal sealed class NodeRig
{
    public static readonly MacAddress Mac = MacAddress.Parse("02:00:00:00:00:01");

    private readonly Node _node;

    /// <param name="node">Where it is.</param>
    /// <param name="failed">Called when a part cannot go on; null: the test ends.</param>
    public NodeRig(Node node, Action<string, Exception>? failed = null)
    {
        _node = node;
        Context = new NetworkContext(
            new TablePublisher(), new NetworkCounters(1), Problems,
            new UnderlayWait(TimeProvider.System, NullLogger<UnderlayWait>.Instance),
            failed ?? ((part, fault) => throw new InvalidOperationException(part, fault)),
            NullLoggerFactory.Instance);
    }

    public ProblemBoard Problems { get; } = new(NullLogger<ProblemBoard>.Instance);

    public NetworkContext Context { get; }

    public OverlayOptions Options(params (string, string)[] keys) =>
        TestOptions.With([("StateDirectory", _node.StateDirectory), ("Interface", "eth0"), .. keys]);

    /// <summary>Makes the node; not started yet.</summary>
    public LocalNode Make(OverlayOptions options, FormerFlannel? former = null) => _node.Invoke(() => new LocalNode(
        new NodePlan(
            options, ControlPlane.Leases.NodeSettings.None,
            UnderlayDiscovery.Find(options).ShouldBeOfType<UnderlayFinding.Found>().Interface, null,
            IsFromSavedState: false),
        new VtepMacs(Mac, Mac), Context, () => { }, null, former));

    /// <summary>Threads watch the network namespace that they are started in.</summary>
    public void Start(LocalNode node) => _node.Invoke(node.Start);

    /// <summary>An ordinary stop; programs that it runs see the namespace.</summary>
    public void Stop(LocalNode node) => _node.Invoke(() =>
    {
        node.Stop();
        node.RemoveFromKernel();
        node.Dispose();
    });
}
