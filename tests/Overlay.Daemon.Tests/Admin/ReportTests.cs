using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Trust;
using Overlay.Daemon.Admin;
using Overlay.Daemon.Metrics;
using Overlay.Daemon.Networks;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>Each report by itself: its columns as programs read them, and their values.</summary>
public class ReportTests
{
    private static readonly DateTimeOffset _now = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly Lease _lease = new()
    {
        Node = "b",
        Subnet = IpPrefix.Parse("10.244.2.0/24"),
        SubnetV6 = IpPrefix.Parse("fd00:10:244:2::/64"),
        PublicIp = IpAddress.Parse("192.0.2.2"),
        PublicIpV6 = IpAddress.Parse("2001:db8::2"),
        BackendData = new VtepData(new Vni(1), MacAddress.Parse("02:00:00:00:00:02")),
        BackendV6Data = new VtepData(new Vni(1), MacAddress.Parse("02:00:00:00:00:12")),
    };

    private static readonly PeersSnapshot _peers = new(
        [
            new PeerLease(_lease, LeaseVerdict.Accepted, null),
            new PeerLease(new Lease { Node = "c" }, LeaseVerdict.Refused, "no pod CIDR"),
            new PeerLease(new Lease { Node = "d" }, LeaseVerdict.NotReady, null),
        ],
        _now);

    private static readonly Dictionary<string, PeerBytes> _traffic = new() { ["b"] = new PeerBytes(1, 100, 2, 300) };

    [Fact]
    public void Peers_have_addresses_state_and_reason()
    {
        IReadOnlyList<PeerReport> report = PeerReport.Of(
            _peers, static _ => false, static node => node == "b" ? ["192.0.2.8", "192.0.2.9"] : [], _traffic);
        JsonArray rows = Json(report, AdminJson.Default.IReadOnlyListPeerReport).AsArray();
        rows[0]!.ToJsonString().ShouldBe(
            Compact("""
            {"node":"b","state":"accepted","subnet":"10.244.2.0/24","subnetV6":"fd00:10:244:2::/64","publicIp":"192.0.2.2","publicIpV6":"2001:db8::2",
            "vtepMac":"02:00:00:00:00:02","vtepMacV6":"02:00:00:00:00:12","path":"tunnel","sendsFrom":"192.0.2.8, 192.0.2.9","reason":null,"egressBytes":100,"ingressBytes":300}
            """));
        rows[1]!.ToJsonString().ShouldBe(
            Compact("""
            {"node":"c","state":"refused","subnet":null,"subnetV6":null,"publicIp":null,"publicIpV6":null,
            "vtepMac":null,"vtepMacV6":null,"path":null,"sendsFrom":null,"reason":"no pod CIDR","egressBytes":null,"ingressBytes":null}
            """));
        ((string?)rows[2]!["state"]).ShouldBe("not ready");
    }

    [Theory]
    [InlineData("", "tunnel")]
    [InlineData("10.244.2.0/24", "tunnel and direct")]
    [InlineData("10.244.2.0/24 fd00:10:244:2::/64", "direct")]
    public void The_path_to_a_peer_is_that_of_each_of_its_pod_cidrs(string direct, string path) =>
        PeerReport.Of(_peers, prefix => direct.Split(' ').Contains($"{prefix}"), static _ => [], _traffic)[0].Path
            .ShouldBe(path);

    [Fact]
    public void Routes_come_sorted_and_own_pods_are_local()
    {
        RemoteVtep vtep = new("b", IpAddress.Parse("192.0.2.2"), MacAddress.Parse("02:00:00:00:00:02"));
        ForwardingTable table = new ForwardingTableBuilder().AddVtep(vtep)
            .AddRoute(IpPrefix.Parse("fd00:10:244:2::/64"), vtep)
            .AddRoute(IpPrefix.Parse("10.244.10.0/24"), vtep).AddRoute(IpPrefix.Parse("10.244.2.0/24"), vtep)
            .AddLocal(IpPrefix.Parse("10.244.1.0/24")).Build();
        JsonArray rows = Json(RouteReport.Of(table, "a"), AdminJson.Default.IReadOnlyListRouteReport).AsArray();
        rows.Select(static row => (string?)row!["prefix"])
            .ShouldBe(["10.244.1.0/24", "10.244.2.0/24", "10.244.10.0/24", "fd00:10:244:2::/64"]);
        rows[0]!.ToJsonString().ShouldBe("""{"prefix":"10.244.1.0/24","via":"local","vtepMac":null,"node":"a"}""");
        rows[1]!.ToJsonString().ShouldBe("""{"prefix":"10.244.2.0/24","via":"192.0.2.2","vtepMac":"02:00:00:00:00:02","node":"b"}""");
    }

    [Fact]
    public void Counters_have_every_worker_and_every_reason_in_both_directions()
    {
        JsonNode report = Json(CountersReport.Of(new NetworkCounters(1)), AdminJson.Default.CountersReport);
        report["workers"]![1]!.ToJsonString().ShouldBe("""{"worker":"ingress-0","direction":"ingress","packets":0,"bytes":0,"allocatedBytes":0}""");
        JsonArray drops = report["drops"]!.AsArray();
        drops[0]!.ToJsonString().ShouldBe("""{"direction":"egress","reason":"PktTooSmall","packets":0}""");
        drops[^2]!.ToJsonString().ShouldBe("""{"direction":"ingress","reason":"SocketRcvbuff","packets":0}""");
        drops[^1]!.ToJsonString().ShouldBe("""{"direction":"egress","reason":"TunFull","packets":0}""");
        drops.Count.ShouldBe((2 * (Enum.GetValues<DropReason>().Length - 1)) + 2);
    }

    [Fact]
    public void The_control_plane_has_its_state_age_and_the_number_of_peers_in_each_state()
    {
        TestStore store = new()
        {
            Location = new StoreLocation("Etcd", "http://127.0.0.1:2379"),
            Status = new StoreStatus(StoreState.Disconnected, _now.AddSeconds(-90), "17"),
            Problems = new Dictionary<string, string> { ["e"] = "is no lease" },
        };
        ControlPlaneReport report =
            ControlPlaneReport.Of(store, _peers, new HeldPeers(2, _now.AddSeconds(60)), isFromSavedState: true, _now);
        Json(report, AdminJson.Default.ControlPlaneReport).ToJsonString().ShouldBe(
            Compact("""
            {"kind":"Etcd","source":"http://127.0.0.1:2379","state":"disconnected","lastSync":"2030-01-02T03:02:35+00:00","ageSeconds":90,"revision":"17",
            "fromSavedState":true,"lastUpdate":"2030-01-02T03:04:05+00:00","acceptedPeers":1,"refusedPeers":1,"notReadyPeers":1,"heldPeers":2,
            "heldUntil":"2030-01-02T03:05:05+00:00","problems":["e: is no lease"]}
            """));
    }

    [Fact]
    public void A_store_that_has_not_answered_yet_has_no_age()
    {
        ControlPlaneReport report =
            ControlPlaneReport.Of(new TestStore(), PeersSnapshot.Empty, null, isFromSavedState: false, _now);
        (report.State, report.LastSync, report.AgeSeconds, report.HeldPeers, report.HeldUntil)
            .ShouldBe(("connecting", null, null, 0, null));
    }

    [Fact]
    public void The_status_shows_null_for_what_is_not_known_before_the_node_is_made()
    {
        ControlPlaneReport controlPlane =
            ControlPlaneReport.Of(new TestStore(), PeersSnapshot.Empty, null, isFromSavedState: false, _now);
        using TrafficHistory traffic = new(new NetworkCounters(1), TimeProvider.System);
        JsonObject status = Json(
            new StatusReport("a", "0.1.0", StatusReport.StateOf(null, false), "Etcd", null, null, null, null, null,
                null, null, null, [], [], UnderlayReport.Of(null), null, controlPlane, TrafficReport.Of(traffic.Read()),
                null),
            AdminJson.Default.StatusReport).AsObject();
        status.Select(static pair => pair.Key).ShouldBe(
        [
            "node", "version", "state", "waitingFor", "started", "device", "vni", "port", "mtu", "vtepMac", "subnet",
            "subnetV6", "problems", "warnings", "underlay", "dataplane", "controlPlane", "traffic",
            "capture",
        ]);
        ((string?)status["state"]).ShouldBe("starting");
        status["underlay"].ShouldBeNull();
        status["traffic"]!.ToJsonString().ShouldBe(Compact("""
            {"egress":{"packetsPerSecond":0,"bitsPerSecond":0},"ingress":{"packetsPerSecond":0,"bitsPerSecond":0},"recentDrops":[]}
            """));
    }

    [Theory]
    [InlineData(true, "forwarding")]
    [InlineData(false, "impaired")]
    public void A_node_that_has_started_forwards_or_is_impaired(bool isReady, string state) =>
        StatusReport.StateOf(_now, isReady).ShouldBe(state);

    private static string Compact(string json) => JsonNode.Parse(json)!.ToJsonString();

    private static JsonNode Json<T>(T report, JsonTypeInfo<T> type) => JsonSerializer.SerializeToNode(report, type)!;
}
