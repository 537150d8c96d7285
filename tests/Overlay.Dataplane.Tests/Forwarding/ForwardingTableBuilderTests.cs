using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

public sealed class ForwardingTableBuilderTests
{
    private static readonly IpPrefix _prefixB = IpPrefix.Parse("10.244.2.0/24");
    private static readonly IpPrefix _prefixC = IpPrefix.Parse("10.244.3.0/24");
    private static readonly RemoteVtep _b = Peer.At("192.168.77.2", "b");
    private static readonly RemoteVtep _c = Peer.At("192.168.77.3", "c");

    // Node z claims the underlay address of b.
    private static readonly RemoteVtep _impostor = Peer.At("192.168.77.2", "z");

    [Fact]
    public void A_prefix_is_added_once_whoever_serves_it()
    {
        ForwardingTableBuilder routed = new ForwardingTableBuilder().AddRoute(_prefixB, _b);
        ForwardingTableBuilder local = new ForwardingTableBuilder().AddLocal(_prefixB);

        ShouldRefuse(() => routed.AddRoute(_prefixB, _c), "10.244.2.0/24");
        ShouldRefuse(() => routed.AddRoute(_prefixB, _b), "10.244.2.0/24");
        ShouldRefuse(() => routed.AddLocal(_prefixB), "10.244.2.0/24");
        ShouldRefuse(() => local.AddLocal(_prefixB), "10.244.2.0/24");
        ShouldRefuse(() => local.AddRoute(_prefixB, _b), "10.244.2.0/24");
    }

    [Fact]
    public void Prefixes_that_only_share_an_address_are_not_the_same()
    {
        ForwardingTable table = new ForwardingTableBuilder()
            .AddRoute(IpPrefix.Parse("0.0.0.0/0"), _b)
            .AddRoute(IpPrefix.Parse("0.0.0.0/8"), _b)
            .AddRoute(IpPrefix.Parse("::/0"), _b)
            .AddLocal(IpPrefix.Parse("::/8"))
            .Build();

        table.Routes.Count.ShouldBe(4);
    }

    [Fact]
    public void Two_VTEPs_with_one_underlay_address_are_refused_with_both_names()
    {
        ForwardingTableBuilder builder = new ForwardingTableBuilder().AddRoute(_prefixB, _b);

        ShouldRefuse(() => builder.AddRoute(_prefixC, _impostor), "192.168.77.2", "VTEP of b", "of z");
        ShouldRefuse(() => builder.AddVtep(_impostor), "192.168.77.2");
        ShouldRefuse(() => builder.AddVtep(_b with { Mac = MacAddress.Parse("02:00:00:00:00:99") }), "192.168.77.2");
    }

    [Fact]
    public void A_VTEP_may_be_added_again_and_serve_many_prefixes()
    {
        ForwardingTable table = new ForwardingTableBuilder()
            .AddVtep(_b).AddRoute(_prefixB, _b with { }).AddRoute(_prefixC, _b).AddVtep(_b with { }).Build();

        table.Fdb.Count.ShouldBe(1);
        table.Lookup("10.244.2.10").ShouldBe(_b);
        table.Lookup("10.244.3.10").ShouldBe(_b);
    }

    [Fact]
    public void A_refused_VTEP_leaves_nothing_behind_that_a_later_one_could_be_taken_for()
    {
        ForwardingTableBuilder builder = new ForwardingTableBuilder().AddRoute(_prefixB, _b);
        ShouldRefuse(() => builder.AddRoute(_prefixC, _impostor), "192.168.77.2");
        _ = builder.AddRoute(IpPrefix.Parse("10.244.4.0/24"), _c);

        // Refused again, and not, as a known VTEP, given a prefix that then leads to c.
        ShouldRefuse(() => builder.AddRoute(_prefixC, _impostor), "192.168.77.2");
        ForwardingTable table = builder.Build();

        table.Lookup("10.244.3.10").ShouldBeNull();
        table.Lookup("10.244.4.10").ShouldBe(_c);
        table.Fdb.Rows.ShouldBe([_b, _c], ignoreOrder: true);
    }

    [Fact]
    public void A_refused_prefix_leaves_its_VTEP_out_as_well()
    {
        ForwardingTableBuilder builder = new ForwardingTableBuilder().AddRoute(_prefixB, _b);
        ShouldRefuse(() => builder.AddRoute(_prefixB, _c), "10.244.2.0/24");
        ForwardingTable table = builder.Build();

        table.Lookup("10.244.2.10").ShouldBe(_b);
        table.Fdb.TryFind(_c.Address, out _).ShouldBeFalse();
    }

    [Fact]
    public void A_table_does_not_change_with_what_its_builder_does_next()
    {
        ForwardingTableBuilder builder = new ForwardingTableBuilder().AddRoute(_prefixB, _b);
        ForwardingTable first = builder.Build();
        ForwardingTable second = builder.AddRoute(_prefixC, _c).AddLocal(IpPrefix.Parse("10.244.1.0/24")).Build();

        first.Lookup("10.244.3.10").ShouldBeNull();
        first.IsLocal("10.244.1.10").ShouldBeFalse();
        first.Fdb.Count.ShouldBe(1);
        first.Routes.Count.ShouldBe(1);
        second.Lookup("10.244.2.10").ShouldBe(_b);
        second.Lookup("10.244.3.10").ShouldBe(_c);
        second.IsLocal("10.244.1.10").ShouldBeTrue();
        second.Fdb.Count.ShouldBe(2);
        second.Routes.Count.ShouldBe(3);
    }

    [Fact]
    public void What_is_taken_back_is_gone_and_may_be_given_to_another()
    {
        ForwardingTableBuilder builder = new ForwardingTableBuilder()
            .AddLocal(IpPrefix.Parse("10.244.1.0/24")).AddRoute(_prefixB, _b).AddRoute(_prefixC, _c);
        ForwardingTable first = builder.Build();
        ForwardingTable second = builder.RemoveRoute(_prefixB).RemoveVtep(_b).AddRoute(_prefixB, _impostor).Build();
        ForwardingTable third = builder.RemoveRoute(IpPrefix.Parse("10.244.1.0/24")).RemoveRoute(_prefixB).Build();

        first.Lookup("10.244.2.10").ShouldBe(_b);
        second.Lookup("10.244.2.10").ShouldBe(_impostor);
        second.Lookup("10.244.3.10").ShouldBe(_c);
        second.Fdb.Rows.ShouldBe([_impostor, _c], ignoreOrder: true);
        third.Routes.ShouldBe([new Route(_prefixC, _c)]);
        third.IsLocal("10.244.1.10").ShouldBeFalse();
        third.Fdb.Rows.ShouldBe([_impostor, _c], ignoreOrder: true); // a VTEP outlives its routes
    }

    [Fact]
    public void A_VTEP_that_routes_lead_to_is_not_taken_back()
    {
        ForwardingTableBuilder builder = new ForwardingTableBuilder()
            .AddVtep(_b).AddRoute(_prefixB, _b).AddRoute(_prefixC, _b with { }).RemoveRoute(_prefixC);

        ShouldRefuse(() => builder.RemoveVtep(_b), "192.168.77.2", "b");
        ShouldRefuse(() => builder.RemoveRoute(_prefixC), "10.244.3.0/24");
        builder.Build().Fdb.Rows.ShouldBe([_b]);
        builder.RemoveRoute(_prefixB).RemoveVtep(_b with { }).Build().Fdb.Count.ShouldBe(0);
    }

    [Fact]
    public void A_VTEP_that_was_never_added_is_not_taken_for_the_one_with_its_address()
    {
        ForwardingTableBuilder builder = new ForwardingTableBuilder().AddVtep(_b).RemoveVtep(_impostor).RemoveVtep(_c);

        builder.Build().Fdb.Rows.ShouldBe([_b]);
    }

    private static void ShouldRefuse(Action add, params string[] named)
    {
        string message = Should.Throw<ArgumentException>(add).Message;
        foreach (string name in named) message.ShouldContain(name);
    }
}
