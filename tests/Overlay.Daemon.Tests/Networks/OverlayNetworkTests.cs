using Overlay.Daemon.Lifecycle;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Packets;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

public sealed class OverlayNetworkTests : IDisposable
{
    private const string Tun = "/dev/net/tun";

    private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "node", Nodes = 1, PodsPerNode = 0 });
    private readonly NodeRig _rig;

    private readonly int _open = OpenTuns();

    public OverlayNetworkTests() => _rig = _lab.Guard(() => new NodeRig(Node));

    private Node Node => _lab.Nodes[0];

    private string Routes => Node.Run("ip", "route").Output;

    [Fact]
    public void A_node_that_is_stopped_leaves_nothing()
    {
        LocalNode node = _rig.Make(_rig.Options());
        _rig.Start(node);
        _rig.Stop(node);
        OpenTuns().ShouldBe(_open);
        Node.Run("ip", "link", "show").Output.ShouldNotContain("overlay.1");
        Routes.ShouldNotContain("proto 79");
        Node.Run("nft", "list", "tables").Output.ShouldNotContain("overlay-1");
    }

    [Fact]
    public void A_node_that_is_closed_and_not_removed_leaves_what_the_kernel_keeps_without_a_descriptor()
    {
        LocalNode node = _rig.Make(_rig.Options());
        _rig.Start(node);
        node.Stop();
        node.Dispose();
        OpenTuns().ShouldBe(_open);
        Routes.ShouldContain("blackhole 10.244.1.0/24 proto 79");
        Node.Run("nft", "list", "tables").Output.ShouldContain("overlay-1");

        // The next one takes it over, and its stop leaves nothing.
        _rig.Stop(_rig.Make(_rig.Options()));
        Routes.ShouldNotContain("proto 79");
        Node.Run("nft", "list", "tables").Output.ShouldNotContain("overlay-1");
    }

    [Fact]
    public void A_network_that_cannot_be_made_leaves_nothing()
    {
        Node.Ip("route add 10.244.0.0/16 via 192.168.77.250 proto static");
        _ = Should.Throw<Options.ConfigurationException>(() => _rig.Make(_rig.Options()));
        OpenTuns().ShouldBe(_open);
        Routes.ShouldNotContain("proto 79");
        Node.Run("ss", "-lnu").Output.ShouldNotContain(":8472");
    }

    [Fact]
    public void A_strict_reverse_path_filter_on_the_underlay_is_shown_without_direct_routes_too()
    {
        // The lab's pods have an MTU for both families, the daemon's network IPv4 alone.
        Node.Ip("link set cni0 mtu 1450");
        LocalNode node = _rig.Make(_rig.Options());
        _rig.Start(node);
        Thread.Sleep(500);
        _rig.Problems.Warnings.ShouldBeEmpty();
        Node.Set("net/ipv4/conf/eth0/rp_filter", "1");
        Eventually(() => _rig.Problems.Warnings.Count == 1);
        _rig.Problems.Warnings[0].ShouldStartWith("net.ipv4.conf.eth0.rp_filter is strict");
        Node.Set("net/ipv4/conf/all/rp_filter", "2");
        Eventually(() => _rig.Problems.Warnings.Count == 0);
        _rig.Stop(node);
    }

    [Fact]
    public void Counters_outlive_other_pod_cidrs()
    {
        LocalNode node = _rig.Make(_rig.Options());
        _rig.Start(node);
        Drop(1);
        Node.Invoke(() => node.Rebuild(_rig.Options(("Subnet", "10.244.9.0/24")), node.Underlay));
        _rig.Start(node);
        Dropped().ShouldBe(1);
        Drop(2);
        _rig.Stop(node);

        // Nobody has that address: the packet goes into the TUN and no further.
        void Drop(long sum)
        {
            _ = Node.Run("ping", "-c", "1", "-W", "1", "10.244.77.7");
            Eventually(() => Dropped() == sum);
        }

        long Dropped() =>
            Enum.GetValues<DropReason>().Sum(reason => _rig.Context.Counters.All.Dropped(Direction.Egress, reason));
    }

    [Fact]
    public void A_worker_that_does_not_end_keeps_its_descriptors_and_the_routes_go_all_the_same()
    {
        using ManualResetEventSlim reported = new();
        using ManualResetEventSlim release = new();
        NodeRig rig = new(Node, (_, _) =>
        {
            // On the worker's own thread, which does not end before this returns.
            reported.Set();
            release.Wait();
        });
        LocalNode node = rig.Make(rig.Options());
        int open = Descriptors().Length;
        rig.Start(node);
        Node.Ip("link delete overlay.1");
        reported.Wait(TimeSpan.FromSeconds(10)).ShouldBeTrue();
        rig.Stop(node);
        Descriptors().Length.ShouldBe(open);
        Routes.ShouldNotContain("proto 79");
        release.Set();
    }

    public void Dispose() => _lab.Dispose();

    // A descriptor that a stuck worker kept is closed by its finalizer at some time, and has lost its device before.
    private static int OpenTuns() => Descriptors().Count(HasDevice);

    private static string[] Descriptors() =>
        [.. Directory.GetFiles("/proc/self/fd").Where(fd => new FileInfo(fd).LinkTarget == Tun)];

    // The line "iff:" of a TUN's fdinfo names its device (drivers/net/tun.c, tun_chr_show_fdinfo).
    private static bool HasDevice(string fd)
    {
        const string label = "iff:\t";
        string info = $"/proc/self/fdinfo/{Path.GetFileName(fd)}";
        return File.Exists(info)
            && File.ReadLines(info).Any(line => line.StartsWith(label, StringComparison.Ordinal) && line.Length > label.Length);
    }

    private static void Eventually(Func<bool> condition)
    {
        for (int look = 0; look < 1000 && !condition(); look++) Thread.Sleep(10);
        condition().ShouldBeTrue();
    }
}
