using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

public sealed class OverlayDeviceTests : IDisposable
{
    private static readonly (string, string)[] _secondNetwork =
        [("Network:Vni", "2"), ("Network:Cidr", "10.50.0.0/16"), ("Subnet", "10.50.1.0/24")];

    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "device", Nodes = 1, PodsPerNode = 0 });
    private RouteNetlink _netlink = null!;
    private readonly CollectingLogger<ProblemBoard> _logger = new();
    private ProblemBoard _problems = null!;

    public OverlayDeviceTests() => _lab.Guard(() =>
    {
        _netlink = Node.Invoke(() => new RouteNetlink());
        _problems = new ProblemBoard(_logger);
    });

    private Node Node => _lab.Nodes[0];

    private string Blackholes => Node.Run("ip", "route", "show", "type", "blackhole").Output;

    [Fact]
    public void Blackholes_of_a_former_cluster_cidr_are_pruned_after_a_crash()
    {
        Crash(Create([("Network:Cidr", "10.60.0.0/16"), ("Subnet", "10.60.1.0/24")]));
        Blackholes.ShouldContain("10.60.1.0/24");

        // With another VNI, and so another device, too.
        Crash(Create(_secondNetwork));
        Blackholes.ShouldNotContain("10.60.");
        Blackholes.ShouldContain("10.50.1.0/24");
        using OverlayDevice device = Create([]);
        Blackholes.ShouldNotContain("10.50.");
        Blackholes.ShouldContain("10.244.1.0/24");
    }

    [Fact]
    public void Blackholes_of_a_former_pod_cidr_are_pruned_even_if_nothing_is_remembered()
    {
        Crash(Create([("Subnet", "10.244.9.0/24")]));
        using OverlayDevice device = Create([("StateDirectory", Path.Combine(_lab.Directory, "lost"))]);
        Blackholes.ShouldNotContain("10.244.9.0/24");
    }

    [Fact]
    public void A_device_that_was_kept_is_taken_over_but_not_with_addresses_of_a_former_pod_cidr()
    {
        (string, string) keep = ("KeepAtStop", "true");
        Create([keep]).Dispose();
        string index = Index();
        Create([keep]).Dispose();
        Index().ShouldBe(index);
        Create([keep, ("Subnet", "10.244.9.0/24")]).Dispose();
        Index().ShouldNotBe(index);
        string addresses = Node.Run("ip", "address", "show", "overlay.1").Output;
        addresses.ShouldContain("10.244.9.0/32");
        addresses.ShouldNotContain("10.244.1.0/32");

        string Index() => Node.Run("cat", "/sys/class/net/overlay.1/ifindex").EnsureSuccess().Output;
    }

    [Fact]
    public void A_crash_leaves_the_device_to_the_next_start_even_if_nothing_is_remembered_and_to_nobody_elses()
    {
        Crash(Create([]));
        string index = Index();
        Node.Run("ip", "address", "show", "overlay.1").Output.ShouldContain("10.244.1.0/32");
        Directory.Delete(Node.StateDirectory, recursive: true);
        using (OverlayDevice device = Create([]))
        {
            Index().ShouldBe(index);
            device.RemoveFromKernel();
        }

        Node.Run("ip", "link", "show", "overlay.1").Succeeded.ShouldBeFalse("an orderly end leaves nothing");
        Node.Ip("tuntap add overlay.1 mode tun");
        Should.Throw<LinuxException>(() => Create([])).Errno.ShouldBe(Errno.EBUSY);

        string Index() => Node.Run("cat", "/sys/class/net/overlay.1/ifindex").EnsureSuccess().Output;
    }

    [Theory]
    [InlineData("same")]
    [InlineData("other")]
    public void Another_daemon_of_this_host_keeps_its_blackholes(string state)
    {
        using OverlayDevice other =
            Create([.. _secondNetwork, ("StateDirectory", Path.Combine(_lab.Directory, state))]);
        Crash(Create([("StateDirectory", Path.Combine(_lab.Directory, "same"))]));
        using (OverlayDevice device = Create([("StateDirectory", Path.Combine(_lab.Directory, "same"))]))
        {
            // Even while its device is down, and its route gone with that.
            Node.Ip("link set overlay.2 down");
            Blackholes.ShouldContain("10.50.1.0/24");
            device.RemoveFromKernel();
        }

        using OverlayDevice again = Create([("StateDirectory", Path.Combine(_lab.Directory, "same"))]);
        Blackholes.ShouldContain("10.50.0.0/16");
        Blackholes.ShouldContain("10.50.1.0/24");
    }

    [Fact]
    public void A_stop_leaves_no_blackhole_and_remembers_none()
    {
        OverlayDevice device = Create([]);
        device.RemoveFromKernel();
        device.Dispose();
        Blackholes.ShouldBeEmpty();
        Directory.GetFiles(Node.StateDirectory).ShouldBeEmpty();
    }

    [Fact]
    public void No_route_of_somebody_else_comes_before_ours_to_the_ipv6_cluster_cidr()
    {
        Node.Ip("route add fd00:10:244::/56 via fd77::ffff dev eth0 metric 512");
        using OverlayDevice device = Create(TestOptions.DualStack);
        Node.Run("ip", "route", "get", "fd00:10:244:7::7").Output.ShouldContain("dev overlay.1");
        Node.Run("ip", "-6", "route").Output.ShouldContain("metric 512", customMessage: "it is not ours to remove");
    }

    [Fact]
    public void A_foreign_route_in_the_place_of_ours_is_refused_with_its_key()
    {
        Node.Ip("route add fd00:10:244::/56 via fd77::ffff dev eth0 metric 1",
            "route add 10.244.0.0/16 via 192.168.77.250 proto static");
        IReadOnlyList<string> faults = Should.Throw<ConfigurationException>(() => Create(TestOptions.DualStack)).Faults;
        faults.Count.ShouldBe(2);
        faults[0].ShouldStartWith("Overlay:Network:Cidr '10.244.0.0/16' ");
        faults[0].ShouldEndWith("example: 10.245.0.0/16");
        faults[1].ShouldStartWith("Overlay:Network:CidrV6 'fd00:10:244::/56' ");
        faults[1].ShouldEndWith("example: fd00:10:245::/56");
    }

    [Fact]
    public void A_route_that_is_displaced_is_told_once_and_shown_until_it_is_back()
    {
        using OverlayDevice device = Create([]);
        Node.Ip("route replace 10.244.0.0/16 via 192.168.77.250 proto static");
        for (int look = 0; look < 3; look++) Node.Invoke(device.Repair);
        Told().ShouldHaveSingleItem().ShouldContain("10.244.0.0/16");
        _problems.Problems.ShouldBe(Told());

        Node.Ip("route delete 10.244.0.0/16 proto static");
        Node.Invoke(device.Repair);
        _problems.Problems.ShouldBeEmpty();
        Told().Count.ShouldBe(1);
    }

    [Fact]
    public void The_device_goes_even_if_its_routes_cannot_be_removed()
    {
        OverlayDevice device = Create([]);
        _netlink.Dispose();
        _ = Should.Throw<ObjectDisposedException>(device.RemoveFromKernel);
        device.Dispose();
        Node.Run("ip", "link", "show").Output.ShouldNotContain("overlay.1");
    }

    public void Dispose()
    {
        _netlink.Dispose();
        _lab.Dispose();
    }

    // A killed process closes its descriptors too: the device stays, without a reader.
    private static void Crash(OverlayDevice device) => device.Dispose();

    private List<string> Told() => [.. _logger.Of(Microsoft.Extensions.Logging.LogLevel.Warning)
        .Concat(_logger.Of(Microsoft.Extensions.Logging.LogLevel.Error))
        .Where(line => line.Contains("10.244.0.0/16", StringComparison.Ordinal))];

    private OverlayDevice Create(params (string, string)[] keys)
    {
        OverlayOptions options = TestOptions.With([("StateDirectory", Node.StateDirectory), .. keys]);
        return Node.Invoke(() => OverlayDevice.Create(_netlink, options, new OverlayMtu(
            1450, options.SubnetV6 is null ? 0 : 1430), 1, null, _problems, NullLogger<OverlayDevice>.Instance));
    }
}
