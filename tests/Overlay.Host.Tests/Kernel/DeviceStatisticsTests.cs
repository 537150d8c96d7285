using Overlay.Host.Kernel;

namespace Overlay.Host.Tests;

public class DeviceStatisticsTests
{
    private static readonly string[] _lines =
    [
        "Inter-|   Receive                                                |  Transmit",
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
        "    lo:       1       2    3    4    5     6          7         8        9      10   11   12   13    14      15         16",
        "overlay.1:      1       2    3    4    5     6          7         8        9      10   11   77   13    14      15         16",
        "overlay.11: 1 2",
    ];

    [Theory]
    [InlineData("overlay.1", 77L)]
    [InlineData("lo", 12L)]
    [InlineData("overlay.11", null)]
    [InlineData("overlay", null)]
    public void Packets_dropped_at_transmission_are_those_of_the_device(string device, long? drops) =>
        DeviceStatistics.TransmitDrops(device, _lines).ShouldBe(drops);

    [Fact]
    public void The_kernel_lists_the_loopback_device() => DeviceStatistics.TransmitDrops("lo").ShouldNotBeNull();
}
