using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Host.Kernel;
using Overlay.Host.Netlink;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

public sealed class DeviceGuardTests : IDisposable
{
    private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "guard", Nodes = 1 });
    private RouteNetlink _netlink = null!;
    private OverlayOptions _options = null!;
    private OverlayDevice _device = null!;
    private readonly CollectingLogger<DeviceGuard> _logger = new();

    public DeviceGuardTests() => _lab.Guard(() =>
    {
        _netlink = Node.Invoke(() => new RouteNetlink());
        _options = TestOptions.With([("StateDirectory", Node.StateDirectory), .. TestOptions.DualStack]);
        _device = Node.Invoke(() => OverlayDevice.Create(_netlink, _options, new OverlayMtu(
            1450, 1430), 1, null, new ProblemBoard(NullLogger<ProblemBoard>.Instance), NullLogger<OverlayDevice>.Instance));
    });

    private Node Node => _lab.Nodes[0];

    [Fact]
    public void Whatever_goes_wrong_ends_the_guard_in_order()
    {
        using ManualResetEventSlim ended = new();
        Exception? fault = null;
        using DeviceGuard guard = Guard(_ => throw new InvalidOperationException("unforeseen"), exception =>
        {
            fault = exception;
            ended.Set();
        });
        ended.Wait(TimeSpan.FromSeconds(10)).ShouldBeTrue();
        fault.ShouldBeOfType<InvalidOperationException>();
        guard.Dispose();
    }

    [Fact]
    public void A_repair_that_cannot_be_made_is_tried_again_and_told_once()
    {
        Node.Set("net/ipv6/conf/overlay.1/disable_ipv6", "1");
        using DeviceGuard guard = Guard(_ => { }, exception => throw exception);
        for (int change = 0; change < 4; change++)
        {
            Node.Ip($"link set lo mtu {1300 + change}");
            Thread.Sleep(300);
        }

        _logger.Of(LogLevel.Error).ShouldHaveSingleItem().ShouldContain("fd00:10:244:1::/128");
        Node.Set("net/ipv6/conf/overlay.1/disable_ipv6", "0");
        Node.Ip("link set lo mtu 1400");
        Thread.Sleep(500);
        guard.Dispose();
        Node.Run("ip", "address", "show", "overlay.1").Output.ShouldContain("fd00:10:244:1::/128");
    }

    [Fact]
    public void Parameters_that_cannot_be_read_count_as_not_there()
    {
        // Write-only, even for root.
        Sysctl.Get("net/ipv4/route/flush").ShouldBeNull();
        Sysctl.Get("net/ipv4/conf/no-such-device/forwarding").ShouldBeNull();
        Sysctl.Get("net/ipv4/conf").ShouldBeNull();
        Sysctl.Get("net/ipv4/ip_forward").ShouldNotBeNull();
    }

    public void Dispose()
    {
        _device.Dispose();
        _netlink.Dispose();
        _lab.Dispose();
    }

    private DeviceGuard Guard(Action<LinkInfo?> bridgeSeen, Action<Exception> failed) =>
        Node.Invoke(() => new DeviceGuard(_device, null, null, bridgeSeen, failed, _logger));
}
