using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.State;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;
using Overlay.Lab;
using Overlay.Lab.Topology;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class OverlayNodeTests : IDisposable
{
    private const string Tun = "/dev/net/tun";

    private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "node", Nodes = 1, PodsPerNode = 0 });

    private Node Node => _lab.Nodes[0];

    [Fact]
    public void A_node_that_is_disposed_leaves_nothing()
    {
        OverlayNode node = Create();
        node.Start(() => { }, (part, fault) => throw new InvalidOperationException(part, fault));
        node.Stop();
        node.Dispose();
        OpenTuns().ShouldBe(0);
        Node.Run("ip", "link", "show").Output.ShouldNotContain("overlay.1");
        Node.Run("ip", "route").Output.ShouldNotContain("proto 79");
    }

    [Fact]
    public void A_strict_reverse_path_filter_on_the_underlay_is_told_without_direct_routes_too()
    {
        using OverlayNode node = Create();
        Node.Invoke(() => node.Warnings).ShouldBeEmpty();
        Node.Set("net/ipv4/conf/eth0/rp_filter", "1");
        Node.Invoke(() => node.Warnings).ShouldHaveSingleItem().ShouldStartWith("net.ipv4.conf.eth0.rp_filter is strict");
        Node.Set("net/ipv4/conf/all/rp_filter", "2");
        Node.Invoke(() => node.Warnings).ShouldBeEmpty();
    }

    [Fact]
    public void A_worker_that_does_not_end_keeps_its_descriptors_and_the_routes_go_all_the_same()
    {
        using ManualResetEventSlim reported = new();
        using ManualResetEventSlim release = new();
        OverlayNode node = Create();
        int open = OpenTuns();
        node.Start(() => { }, (_, _) =>
        {
            // On the worker's own thread, which does not end before this returns.
            reported.Set();
            release.Wait();
        });
        Node.Ip("link delete overlay.1");
        reported.Wait(TimeSpan.FromSeconds(10)).ShouldBeTrue();
        node.Stop();
        node.Dispose();
        OpenTuns().ShouldBe(open);
        Node.Run("ip", "route").Output.ShouldNotContain("proto 79");
        release.Set();
    }

    public void Dispose() => _lab.Dispose();

    private static int OpenTuns() => Directory.GetFiles("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget == Tun);

    private OverlayNode Create()
    {
        OverlayOptions options = TestOptions.With(("StateDirectory", Node.StateDirectory), ("Interface", "eth0"));
        return Node.Invoke(() => OverlayNode.Create(
            options, UnderlayDiscovery.Find(options), new VtepMacs(MacAddress.Parse("02:00:00:00:00:01"), MacAddress.Parse("02:00:00:00:00:01")), new TablePublisher(), NullLoggerFactory.Instance));
    }
}
