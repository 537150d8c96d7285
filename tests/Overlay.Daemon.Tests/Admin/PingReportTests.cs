using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Daemon.Admin;
using Overlay.Daemon.Probes;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>The report of a ping as programs read it.</summary>
public class PingReportTests
{
    private static readonly PeerEnd _peer =
        new("b", ProbeTable.Peer, new OwnEnd(IpAddress.Parse("10.244.1.0"), 1450), 50);

    private static readonly PeerPing _ping = new(
        _peer, PingKind.Overlay, 20, 17,
        RttStatistics.Of(
            [TimeSpan.FromMicroseconds(99.6), TimeSpan.FromMicroseconds(200), TimeSpan.FromMilliseconds(3)]),
        [new FlowLoss(40001, 10, 10), new FlowLoss(40002, 10, 7)], new PathMtu(1400, 1450, 50), ["a note"]);

    [Fact]
    public void A_row_has_loss_times_paths_and_mtu() => Rows("b")[0]!.ToJsonString().ShouldBe(Compact("""
        {"node":"b","family":"IPv4","address":"10.244.2.0","way":"tunnel","kind":"overlay","sent":20,"received":17,
        "loss":0.15,"rttMicroseconds":{"min":100,"median":200,"p99":3000},"pathCount":2,
        "paths":[{"sourcePort":40001,"sent":10,"received":10},{"sourcePort":40002,"sent":10,"received":7}],
        "mtu":{"bytes":1400,"device":1450,"underlayFound":1450,"underlayNeeded":1500},"notes":["a note"]}
        """));

    [Fact]
    public void Of_all_peers_only_paths_that_lose_are_listed() =>
        Rows("all")[0]!["paths"]!.AsArray().ShouldHaveSingleItem()!["sourcePort"]!.GetValue<int>().ShouldBe(40002);

    [Fact]
    public void A_pod_and_those_that_were_left_out_are_in_the_report()
    {
        PodPing pod = new(new PodEnd(IpAddress.Parse("10.244.1.7"), "a", true), 5, 0, null, ["none"]);
        PingReport report = PingReport.Of(new PingResult(new PingTarget("all", [], null), "a", [], pod, 3));
        JsonSerializer.SerializeToNode(report, AdminJson.Default.PingReport)!.ToJsonString().ShouldBe(Compact("""
            {"target":"all","node":"a","peers":[],
            "pod":{"address":"10.244.1.7","node":"a","isLocal":true,"sent":5,"received":0,"rttMicroseconds":null,
            "notes":["none"]},"leftOut":3}
            """));
    }

    private static JsonArray Rows(string target) => JsonSerializer.SerializeToNode(
        PingReport.Of(new PingResult(new PingTarget(target, [_peer], null), "a", [_ping], null, 0)),
        AdminJson.Default.PingReport)!["peers"]!.AsArray();

    private static string Compact(string json) => JsonNode.Parse(json)!.ToJsonString();
}
