using Overlay.Host.Kernel;

namespace Overlay.Host.Tests.Kernel;

public class ConnectionTableTests
{
    [Theory]
    [InlineData(799, false, "799 of 1000 connections are tracked")]
    [InlineData(800, true, "net.netfilter.nf_conntrack_max=2000")]
    [InlineData(1000, true, "1000 of 1000 connections are tracked: the kernel drops what is new")]
    public void A_table_of_which_four_fifths_are_in_use_is_nearly_full(long used, bool isNearlyFull, string part)
    {
        ConnectionTable table = new(used, 1000);
        table.IsNearlyFull.ShouldBe(isNearlyFull);
        table.ToString().ShouldContain(part);
    }
}
