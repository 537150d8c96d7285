using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Daemon.Admin;
using Overlay.Daemon.Probes;
using Overlay.Daemon.StatusPage;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class PagePeersTests
{
    private static readonly OwnEnd _end = new(IpAddress.Parse("10.244.0.0"), 1450);

    [Fact]
    public void A_row_has_what_the_lease_has_and_what_the_probes_have_found()
    {
        PeerPing ping = Ping(2, 16, 12) with
        {
            Rtt = RttStatistics.Of(
                [TimeSpan.FromMicroseconds(100), TimeSpan.FromMicroseconds(200.4), TimeSpan.FromMilliseconds(3)]),
            Mtu = new PathMtu(1350, 1450, 50),
            Notes = ["a note"],
        };
        PagePeers peers = PagePeers.Of([Peer(2, "accepted")], MeshState.Empty.With([ping], [ping.Peer], TimeSpan.Zero));
        JsonSerializer.SerializeToNode(peers, PageJson.Default.PagePeers)!.ToJsonString().ShouldBe(JsonNode.Parse("""
            {"total":1,"rows":[{"node":"node-2","state":"accepted","podCidrs":["10.244.2.0/24"],
            "underlay":["192.0.2.2"],"path":"tunnel","reason":null,"bytes":7,"probes":[{"family":"IPv4","kind":"overlay",
            "loss":0.25,"rttMicroseconds":200,"mtu":1350,"isNarrow":true,"notes":["a note"]}]}]}
            """)!.ToJsonString());
    }

    [Fact]
    public void The_worst_come_first_and_are_kept_where_there_are_too_many()
    {
        PeerPing[] pings = [Ping(7, 16, 0), Ping(9, 16, 15), Ping(8, 16, 16)];
        PeerReport[] peers = [.. Enumerable.Range(1, 240).Select(static i => Peer(i, "accepted"))];
        peers[199] = Peer(200, "refused") with { Reason = "why" };
        PagePeers page = PagePeers.Of(peers,
            MeshState.Empty.With(pings, [.. pings.Select(static ping => ping.Peer)], TimeSpan.Zero));
        page.Total.ShouldBe(240);
        page.Rows.Count.ShouldBe(200);
        page.Rows.Take(4).Select(static row => row.Node).ShouldBe(["node-200", "node-7", "node-9", "node-1"]);
    }

    private static PeerReport Peer(int i, string state) => new(
        $"node-{i}", state, $"10.244.{i}.0/24", null, $"192.0.2.{i}", null, null, null, "tunnel", null, null, 3, 4);

    private static PeerPing Ping(int i, int sent, int received) => new(
        new PeerEnd($"node-{i}", IpAddress.Parse($"10.244.{i}.0"), _end, 50),
        received == 0 ? PingKind.None : PingKind.Overlay, sent, received, null, [], null, []);
}
