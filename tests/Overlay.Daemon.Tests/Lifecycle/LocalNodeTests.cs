using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Daemon.Underlay;
using Overlay.Host.Interop;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>The node is made anew, or moved, inside one process.</summary>
public sealed class LocalNodeTests : IDisposable
{
    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "running", Nodes = 1, PodsPerNode = 0 });
    private NodeRig _rig = null!;
    private LocalNode _node = null!;

    public LocalNodeTests() => _lab.Guard(() =>
    {
        _rig = new NodeRig(Node);
        _node = _rig.Make(Options("10.244.1.0/24"));
        Start();
    });

    private Node Node => _lab.Nodes[0];

    private string Routes => Node.Run("ip", "route").Output;

    [Fact]
    public void Other_pod_cidrs_make_device_address_and_routes_anew_and_keep_the_mac()
    {
        Node.Invoke(() => _node.Rebuild(Options("10.244.9.0/24"), _node.Underlay));
        Start();
        _node.Own.Subnet.ShouldBe(IpPrefix.Parse("10.244.9.0/24"));
        _node.Network.Vtep.Mac.ShouldBe(NodeRig.Mac);
        Node.Run("ip", "address", "show", "overlay.1").Output.ShouldContain("10.244.9.0/32");
        Node.Run("ip", "address", "show", "overlay.1").Output.ShouldNotContain("10.244.1.0/32");
        Routes.ShouldContain("blackhole 10.244.9.0/24");
        Routes.ShouldNotContain("blackhole 10.244.1.0/24");
    }

    [Fact]
    public void Probes_are_answered_at_the_inner_address_of_now_and_at_no_other()
    {
        Listening("10.244.1.0:8473");
        Node.Invoke(() => _node.Rebuild(Options("10.244.9.0/24"), _node.Underlay));
        Start();
        Listening("10.244.9.0:8473");
        Node.Invoke(_node.Stop);
        Listening("");

        void Listening(string end) => SpinWait.SpinUntil(
            () => string.Join(' ', Node.Run("ss", "-Hlun", "sport = :8473").Output.Split(
                (char[]?)null, StringSplitOptions.RemoveEmptyEntries).Where(static word => word.EndsWith(":8473"))) == end,
            TimeSpan.FromSeconds(10)).ShouldBeTrue(Node.Run("ss", "-Hlun").Output);
    }

    [Fact]
    public void What_cannot_be_made_leaves_the_node_as_it_was()
    {
        Node.Ip("route add 10.60.0.0/16 via 192.168.77.250 proto static");
        OverlayOptions impossible = TestOptions.With(
            ("StateDirectory", Node.StateDirectory), ("Interface", "eth0"), ("Network:Cidr", "10.60.0.0/16"),
            ("Subnet", "10.60.1.0/24"));
        Node.Invoke(() => Should.Throw<ConfigurationException>(
            () => _node.Rebuild(impossible, _node.Underlay))).Message.ShouldContain("10.60.0.0/16");
        Start();
        _node.Own.Subnet.ShouldBe(IpPrefix.Parse("10.244.1.0/24"));
        Routes.ShouldContain("10.244.0.0/16 dev overlay.1 proto 79");
        Routes.ShouldContain("10.60.0.0/16 via 192.168.77.250");
    }

    [Fact]
    public async Task An_address_that_is_gone_again_is_a_problem_until_there_is_one_that_can_be_taken()
    {
        Close();
        _rig.Problems.Problems.ShouldContain(problem => problem.Contains("no sockets until eth0"));

        // Even without sockets it can be moved, and stopped.
        await Node.Invoke(() => _node.MoveAsync(CancellationToken.None));
        _rig.Problems.Problems.ShouldNotContain(problem => problem.Contains("no sockets"));
        _node.Own.PublicIp.ShouldBe(IpAddress.Parse("192.168.77.1"));
    }

    [Fact]
    public void Workers_that_a_move_could_not_start_are_started_by_the_next_one()
    {
        Node.Invoke(_node.Network.Detach);
        _node.IsOpen.ShouldBeTrue("the sockets are those of before");
        Node.Invoke(() => _node.MoveTo(_node.Underlay));
        _node.Network.IsAttached.ShouldBeTrue();
    }

    [Fact]
    public void Without_sockets_it_can_be_stopped() => Close();

    [Fact]
    public async Task Without_an_address_it_is_waited_for_one_and_the_node_is_left_alone()
    {
        Node.Ip("address delete 192.168.77.1/24 dev eth0");
        using CancellationTokenSource stop = new();
        Task<UnderlayInterface> finding = Node.Invoke(() => _node.FindUnderlayAsync(stop.Token));
        Task moving = Node.Invoke(() => _node.MoveAsync(stop.Token));
        await stop.CancelAsync();
        _ = await Should.ThrowAsync<OperationCanceledException>(finding);
        _ = await Should.ThrowAsync<OperationCanceledException>(moving);
        _node.IsOpen.ShouldBeTrue();

        // What it is by now counts, not what it was when somebody noticed.
        Node.Ip("address add 192.168.77.60/24 dev eth0");
        await Node.Invoke(() => _node.MoveAsync(CancellationToken.None));
        _node.Own.PublicIp.ShouldBe(IpAddress.Parse("192.168.77.60"));
    }

    [Fact]
    public void A_node_that_cannot_be_made_as_it_was_either_is_no_mere_fault_of_the_configuration()
    {
        UnderlayInterface gone = _node.Underlay with { Ipv4 = IpAddress.Parse("192.168.77.77").ToIpv4() };
        Node.Invoke(() => Should.Throw<InvalidOperationException>(
            () => _node.Rebuild(Options("10.244.9.0/24"), gone))).Message.ShouldContain("not as it was either");
    }

    public void Dispose()
    {
        _rig.Stop(_node);
        Node.Run("ip", "link", "show").Output.ShouldNotContain("overlay.1");
        Routes.ShouldNotContain("proto 79");
        _lab.Dispose();
    }

    private void Start() => _rig.Start(_node);

    private void Close()
    {
        UnderlayInterface gone = _node.Underlay with { Ipv4 = IpAddress.Parse("192.168.77.77").ToIpv4() };
        _ = Node.Invoke(() => Should.Throw<LinuxException>(() => _node.MoveTo(gone)));
    }

    private OverlayOptions Options(string subnet) => _rig.Options(("Subnet", subnet));
}
