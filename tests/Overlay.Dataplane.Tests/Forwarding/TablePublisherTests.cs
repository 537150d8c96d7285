using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

public sealed class TablePublisherTests
{
    private const int TablesToSee = 300;

    private static readonly IpPrefix _prefix = IpPrefix.Parse("10.244.2.0/24");
    private static readonly IpPrefix _prefixV6 = IpPrefix.Parse("fd00:10:244:2::/64");
    private static readonly Ipv4Address _pod = IpAddress.Parse("10.244.2.10").ToIpv4();
    private static readonly Ipv6Address _podV6 = IpAddress.Parse("fd00:10:244:2::10").ToIpv6();

    [Fact]
    public void Before_anything_is_published_the_table_is_empty() =>
        new TablePublisher().Current.ShouldBeSameAs(ForwardingTable.Empty);

    [Fact]
    public void The_current_table_is_the_one_published_last()
    {
        TablePublisher publisher = new();
        ForwardingTable first = TableOf(1);
        ForwardingTable second = TableOf(2);

        publisher.Publish(first, TableChange.None);
        publisher.Current.ShouldBeSameAs(first);
        publisher.Publish(second, TableChange.None);
        publisher.Current.ShouldBeSameAs(second);
    }

    [Fact]
    public void A_follower_that_has_failed_gets_the_whole_table_again()
    {
        int failures = 0;
        TablePublisher publisher = new((_, _) => failures++);
        FailingFollower follower = new() { Fails = true };
        publisher.Publish(TableOf(1), TableChange.None);
        publisher.Add(follower);
        follower.Fails = false;
        publisher.Repeat(follower);
        (failures, follower.Tables).ShouldBe((1, 1));
        follower.Change.ShouldNotBeNull().Added.Count.ShouldBe(publisher.Current.Routes.Count);

        publisher.Remove(follower);
        publisher.Repeat(follower);
        follower.Tables.ShouldBe(1);
    }

    [Fact]
    public void A_concurrent_reader_sees_whole_tables_only_never_an_older_one_after_a_newer_and_the_last_in_the_end()
    {
        // In every table both pods, the routes and the FDB name the same one peer: a mixture of two tables would show.
        TablePublisher publisher = new();
        publisher.Publish(TableOf(0), TableChange.None);
        string? wrong = null;
        int seen = 0;
        int last = int.MaxValue;
        Thread reader = new(() =>
        {
            int newest = 0;
            while (wrong is null && newest < Volatile.Read(ref last))
            {
                ForwardingTable table = publisher.Current;
                RemoteVtep? peer = table.Lookup(_pod);
                if (peer is null || !IsWhole(table, peer)) wrong = $"a mixture: {peer}";
                else if (Peer.NumberOf(peer) < newest) wrong = $"{peer.Node} after number {newest}";
                else if (Peer.NumberOf(peer) > newest)
                {
                    newest = Peer.NumberOf(peer);
                    Volatile.Write(ref seen, seen + 1);
                }
            }
        });
        reader.IsBackground = true;
        reader.Start();

        // However few the cores, go on until the two have run side by side for long.
        int number = 0;
        DateTime deadline = DateTime.UtcNow.AddSeconds(30);
        while (Volatile.Read(ref seen) < TablesToSee && reader.IsAlive && DateTime.UtcNow < deadline)
            publisher.Publish(TableOf(++number), TableChange.None);
        Volatile.Write(ref last, number);

        reader.Join(TimeSpan.FromSeconds(30)).ShouldBeTrue("the reader never saw the last table");
        wrong.ShouldBeNull();
        seen.ShouldBeGreaterThanOrEqualTo(TablesToSee);
    }

    private static bool IsWhole(ForwardingTable table, RemoteVtep peer)
    {
        bool isWhole = ReferenceEquals(table.Lookup(_podV6), peer)
            && table.Fdb.Count == 1
            && table.Fdb.TryFind(peer.Address, out RemoteVtep? found) && ReferenceEquals(found, peer)
            && table.IsAllowedSource(peer, _pod) && table.IsAllowedSource(peer, _podV6);
        foreach (Route route in table.Routes) isWhole &= ReferenceEquals(route.Via, peer);
        return isWhole;
    }

    private static ForwardingTable TableOf(int number)
    {
        RemoteVtep peer = Peer.Number(number);
        return new ForwardingTableBuilder().AddRoute(_prefix, peer).AddRoute(_prefixV6, peer).Build();
    }

    private sealed class FailingFollower : ITableFollower
    {
        public bool Fails { get; set; }

        public int Tables { get; private set; }

        public TableChange? Change { get; private set; }

        public void Follow(ForwardingTable table, TableChange change)
        {
            if (Fails) throw new InvalidOperationException("no room");
            Tables++;
            Change = change;
        }
    }
}
