using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

public sealed class FdbTests
{
    private static readonly RemoteVtep _b = Peer.At("192.168.77.2", "b");
    private static readonly RemoteVtep _bV6 = Peer.At("fd77::2", "b");

    private static readonly Fdb _fdb = new ForwardingTableBuilder()
        .AddRoute(IpPrefix.Parse("10.244.2.0/24"), _b)
        .AddVtep(_bV6).AddLocal(IpPrefix.Parse("10.244.1.0/24")).Build().Fdb;

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

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5_000)]
    public void Among_many_each_is_found_and_a_stranger_is_not(int count)
    {
        // Addresses in a row, and some that differ only in the bits that a narrow hash would leave out.
        ForwardingTableBuilder builder = new();
        for (int i = 0; i < count; i++) _ = builder.AddVtep(Peer.Number(i)).AddVtep(V6(i, 1)).AddVtep(V6(i, 2));
        Fdb fdb = builder.Build().Fdb;

        fdb.Count.ShouldBe(3 * count);
        for (int i = 0; i < count; i++)
        {
            foreach (RemoteVtep vtep in (RemoteVtep[])[Peer.Number(i), V6(i, 1), V6(i, 2)])
                if (!fdb.TryFind(vtep.Address, out RemoteVtep? found) || found != vtep) Assert.Fail($"{vtep}: {found}");
            fdb.TryFind(V6(i, 3).Address, out _).ShouldBeFalse();
        }

        fdb.TryFind(Peer.Number(count).Address, out _).ShouldBeFalse();

        static RemoteVtep V6(int high, int low) =>
            new($"node-{high}", new Ipv6Address(
                new UInt128(0xfd77_0000_0000_0000 + (ulong)high, (ulong)low)), new MacAddress((ulong)high));
    }

    private static RemoteVtep? Find(string address) =>
        _fdb.TryFind(IpAddress.Parse(address), out RemoteVtep? vtep) ? vtep : null;
}
