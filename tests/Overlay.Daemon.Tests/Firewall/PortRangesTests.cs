using Overlay.Daemon.Firewall;

namespace Overlay.Daemon.Tests;

public class PortRangesTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("8472", "")]
    [InlineData("8471-8472", "8471")]
    [InlineData("8472-8473,9000", "8473,9000")]
    [InlineData("80,8000-9000", "80,8000-8471,8473-9000")]
    [InlineData("84,18472,8470-8471", "84,18472,8470-8471")]
    public void A_port_leaves_its_neighbours(string ports, string left) =>
        PortRanges.Without(ports, 8472).ShouldBe(left);

    [Theory]
    [InlineData("", false)]
    [InlineData("84,18472,8400-8471", false)]
    [InlineData("8472", true)]
    [InlineData("80,8400-8472", true)]
    public void A_port_is_found_inside_a_range(string ports, bool isThere) =>
        PortRanges.Contains(ports, 8472).ShouldBe(isThere);

    [Fact]
    public void A_port_is_added_to_what_is_there()
    {
        PortRanges.With("", 8472).ShouldBe("8472");
        PortRanges.With("80,9000-9100", 8472).ShouldBe("80,9000-9100,8472");
    }
}
