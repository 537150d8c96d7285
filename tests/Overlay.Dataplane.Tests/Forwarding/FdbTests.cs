using Overlay.Wire;

namespace Overlay.Dataplane.Tests;

public sealed class FdbTests
{
    private static readonly RemoteVtep _b = Peer.At("192.168.77.2", "b");
    private static readonly RemoteVtep _bV6 = Peer.At("fd77::2", "b");

    private static readonly Fdb _fdb = new ForwardingTableBuilder()
        .AddRoute(IpPrefix.Parse("10.244.2.0/24"), _b).AddVtep(_bV6).AddLocal(IpPrefix.Parse("10.244.1.0/24")).Build().Fdb;

    [Fact]
    public void A_VTEP_is_found_by_its_underlay_address_routed_or_not()
    {
        Find("192.168.77.2").ShouldBe(_b);
        Find("fd77::2").ShouldBe(_bV6);
    }

    [Theory]
    [InlineData("192.168.77.1")]
    [InlineData("192.168.77.3")]
    [InlineData("fd77::3")]
    [InlineData("10.244.2.10")] // a pod's address is no underlay address
    [InlineData("::ffff:192.168.77.2")] // nor is another family's spelling of one
    public void Any_other_address_is_nobodys(string address) => Find(address).ShouldBeNull();

    [Fact]
    public void Its_rows_are_all_remote_VTEPs_and_not_this_node()
    {
        _fdb.Count.ShouldBe(2);
        _fdb.Rows.ShouldBe([_b, _bV6], ignoreOrder: true);
    }

    private static RemoteVtep? Find(string address) =>
        _fdb.TryFind(IpAddress.Parse(address), out RemoteVtep? vtep) ? vtep : null;
}
