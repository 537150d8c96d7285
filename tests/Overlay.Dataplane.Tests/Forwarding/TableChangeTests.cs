using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>The difference that a builder reports with each table.</summary>
public sealed class TableChangeTests
{
    private readonly ForwardingTableBuilder _builder = new ForwardingTableBuilder()
        .AddLocal(A.PodsV4).AddRoute(B.PodsV4, B.Remote);

    [Fact]
    public void The_first_table_is_added_whole_and_in_order()
    {
        TableChange change = ChangeOf(builder => builder.AddRoute(C.PodsV4, C.Remote).AddVtep(C.RemoteV6));
        change.Added.ShouldBe(
            [new Route(A.PodsV4, null), new Route(B.PodsV4, B.Remote), new Route(C.PodsV4, C.Remote)]);
        change.VtepsAdded.ShouldBe([B.Remote, C.Remote, C.RemoteV6], ignoreOrder: true);
        (change.Removed.Count, change.VtepsRemoved.Count).ShouldBe((0, 0));
    }

    [Fact]
    public void Without_a_change_there_is_none()
    {
        _ = _builder.Build();
        ChangeOf(static _ => { }).IsNone.ShouldBeTrue();
    }

    [Fact]
    public void What_is_taken_back_before_the_next_table_is_no_change()
    {
        _ = _builder.Build();
        TableChange change = ChangeOf(builder => builder
            .AddRoute(C.PodsV4, C.Remote).RemoveRoute(C.PodsV4).RemoveVtep(C.Remote)
            .RemoveRoute(B.PodsV4).RemoveVtep(B.Remote).AddRoute(B.PodsV4, B.Remote with { }));
        change.IsNone.ShouldBeTrue();
    }

    [Fact]
    public void A_prefix_that_changes_hands_is_removed_and_added()
    {
        _ = _builder.Build();
        TableChange change =
            ChangeOf(builder => builder.RemoveRoute(B.PodsV4).AddRoute(B.PodsV4, C.Remote).RemoveVtep(B.Remote));
        change.Removed.ShouldBe([new Route(B.PodsV4, B.Remote)]);
        change.Added.ShouldBe([new Route(B.PodsV4, C.Remote)]);
        change.VtepsRemoved.ShouldBe([B.Remote]);
        change.VtepsAdded.ShouldBe([C.Remote]);
    }

    [Fact]
    public void A_peer_with_another_mac_is_removed_and_added_with_all_that_leads_to_it()
    {
        _ = _builder.Build();
        RemoteVtep renewed = B.Remote with { Mac = C.Mac };
        TableChange change =
            ChangeOf(builder => builder.RemoveRoute(B.PodsV4).RemoveVtep(B.Remote).AddRoute(B.PodsV4, renewed));
        (change.VtepsRemoved.Single(), change.VtepsAdded.Single()).ShouldBe((B.Remote, renewed));
        (change.Removed.Single().Via, change.Added.Single().Via).ShouldBe((B.Remote, renewed));
    }

    [Fact]
    public void A_refused_call_is_no_change()
    {
        _ = _builder.Build();
        TableChange change = ChangeOf(builder =>
        {
            Should.Throw<ArgumentException>(() => builder.AddRoute(B.PodsV4, C.Remote));
            Should.Throw<ArgumentException>(() => builder.RemoveVtep(B.Remote));
            Should.Throw<ArgumentException>(() => builder.RemoveRoute(C.PodsV4));
        });
        change.IsNone.ShouldBeTrue();
    }

    /// <summary>Whatever is done to a builder, a mirror that applies the changes is the table.</summary>
    [Fact]
    public void A_mirror_that_applies_every_change_is_the_table()
    {
        Random random = new(4711);
        RemoteVtep[] vteps = [.. Enumerable.Range(0, 12).Select(Peer.Number)];
        IpPrefix[] prefixes =
            [.. Enumerable.Range(0, 30).Select(i => new IpPrefix(new Ipv4Address(0x0a00_0000 + ((uint)i << 8)), 24))];
        ForwardingTableBuilder builder = new();
        HashSet<Route> routes = [];
        HashSet<RemoteVtep> rows = [];
        for (int round = 0; round < 500; round++)
        {
            for (int i = random.Next(8); i > 0; i--)
                Touch(builder, prefixes[random.Next(30)], vteps[random.Next(12)], random.Next(4));
            ForwardingTable table = builder.Build(out TableChange change);
            foreach (Route route in change.Removed) routes.Remove(route).ShouldBeTrue($"{route} was not there");
            foreach (Route route in change.Added) routes.Add(route).ShouldBeTrue($"{route} was there");
            foreach (RemoteVtep row in change.VtepsRemoved) rows.Remove(row).ShouldBeTrue($"{row} was not there");
            foreach (RemoteVtep row in change.VtepsAdded) rows.Add(row).ShouldBeTrue($"{row} was there");
            routes.ShouldBe(table.Routes, ignoreOrder: true);
            rows.ShouldBe(table.Fdb.Rows, ignoreOrder: true);
        }
    }

    private static void Touch(ForwardingTableBuilder builder, IpPrefix prefix, RemoteVtep vtep, int what)
    {
        try
        {
            _ = what switch
            {
                0 => builder.AddRoute(prefix, vtep),
                1 => builder.RemoveRoute(prefix),
                2 => builder.RemoveVtep(vtep),
                _ => builder.AddLocal(prefix),
            };
        }
        catch (ArgumentException)
        {
            // There already, or not there: a refused call changes nothing.
        }
    }

    private TableChange ChangeOf(Action<ForwardingTableBuilder> change)
    {
        change(_builder);
        _ = _builder.Build(out TableChange difference);
        return difference;
    }
}
