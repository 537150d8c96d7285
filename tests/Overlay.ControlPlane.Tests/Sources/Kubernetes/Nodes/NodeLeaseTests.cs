using System.Text;
using System.Text.Json.Nodes;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.ControlPlane.Sources.Kubernetes.Objects;
using Overlay.Testing.Kubernetes;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class NodeLeaseTests
{
    private static readonly Lease _recorded = new()
    {
        Node = "node-a",
        Subnet = Prefix("10.244.1.0/24"),
        SubnetV6 = Prefix("fd00:10:244:1::/64"),
        PublicIp = Address("192.168.77.1"),
        PublicIpV6 = Address("fd77::1"),
        BackendData = Vtep("3a:74:bf:96:92:d9"),
        BackendV6Data = Vtep("ae:e8:27:aa:35:0e"),
    };

    [Fact]
    public void Reads_the_node_that_flannel_annotated()
    {
        ApiNode node = new NodeParser(SampleNodes.Keys).ReadObject(Recording.Bytes("node.json")).ShouldNotBeNull();
        node.Name.ShouldBe("node-a");
        node.Uid.ShouldBe("ac7626e4-24aa-4190-b4a7-a034fef3ae3e");
        node.ResourceVersion.ShouldBe("214");
        node.NetworkUnavailable.ShouldBe("False");
        node.Annotations.Count.ShouldBe(6);
        Read(node).ShouldBe(_recorded);
    }

    [Fact]
    public void Reads_every_event_of_the_recorded_watches()
    {
        NodeParser parser = new(SampleNodes.Keys);
        ApiEvent<ApiNode>[] events =
            [.. new[] { "watch-list.jsonl", "watch-with-bookmarks.jsonl" }.SelectMany(Recording.Lines)
            .Select(line => parser.ReadEvent(Encoding.UTF8.GetBytes(line)).ShouldNotBeNull())];
        string.Join(' ', events.Select(static e =>
            $"{e.Type[0]}{e.Object.Name}{e.Object.ResourceVersion}{(e.Object.EndsInitialEvents ? "!" : "")}")).ShouldBe(
            "Anode-a245 Anode-b246 B246! Mnode-b250 Mnode-a251 Mnode-b252 Mnode-a253 B253 B253 Mnode-b228 Mnode-b229 "
            + "Dnode-b230 Anode-c231 B231 B231 B231");
        Read(events[6].Object).ShouldBe(_recorded);
        Read(events[12].Object).ShouldBeNull("it has no annotations at all");
    }

    [Fact]
    public void Reads_errors_and_their_continue_tokens()
    {
        NodeParser parser = new(SampleNodes.Keys);
        ApiEvent<ApiNode> tooOld = parser.ReadEvent(Encoding.UTF8.GetBytes(Recording.Body("watch-too-old.http")))
            .ShouldNotBeNull();
        tooOld.ShouldSatisfyAllConditions(e => e.Type.ShouldBe("ERROR"), e =>
            e.Object.Code.ShouldBe(410), e => e.Object.Message.ShouldBe("too old resource version: 20 (272)"));
        ApiNode expired = parser.ReadObject(Encoding.UTF8.GetBytes(Recording.Body("list-continue-expired.http")))
            .ShouldNotBeNull();
        expired.Continue.ShouldBe("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0Ijoibm9kZS1hXHUwMDAwIn0");
    }

    [Fact]
    public void Without_spec_there_is_no_pod_CIDR()
    {
        JsonNode partial = JsonNode.Parse(Recording.Text("nodes-partial-metadata.json"))!["items"]![0]!;
        Read(Parse(partial)).ShouldBe(_recorded with { Subnet = null, SubnetV6 = null });
    }

    [Theory]
    [InlineData("""["10.244.2.0/24"]""", "10.244.2.0/24", null)]
    [InlineData("""["fd00:10:244:2::/64","10.244.2.0/24"]""", "10.244.2.0/24", "fd00:10:244:2::/64")]
    [InlineData("""["fd00:10:244:2::/64"]""", null, "fd00:10:244:2::/64")]
    [InlineData("[]", "10.244.9.0/24", null)]
    [InlineData("null", "10.244.9.0/24", null)]
    [InlineData("""["10.244.2.7/24"]""", "10.244.2.0/24", null)]
    public void Pod_CIDRs_come_in_any_order_and_before_the_old_field(string podCidrs, string? ipv4, string? ipv6)
    {
        ApiNode node = Parse(JsonNode.Parse($$$"""{"metadata":{"name":"b"},"spec":{"podCIDR":"10.244.9.0/24","podCIDRs":{{{podCidrs}}}}}""")!);
        NodeLease.TryReadPodCidrs(node, out PodCidrs read, out _).ShouldBeTrue();
        read.ShouldBe(new PodCidrs(ipv4 is null ? null : Prefix(ipv4), ipv6 is null ? null : Prefix(ipv6)));
    }

    [Theory]
    [InlineData("podCIDRs", """["10.244.2.0/24","10.244.3.0/24"]""", "10.244.2.0/24 and 10.244.3.0/24")]
    [InlineData("podCIDRs", """["nonsense"]""", "\"nonsense\"")]
    [InlineData("podCIDRs", """[7]""", "spec.podCIDRs is no text")]
    public void Bad_pod_CIDRs_are_named(string member, string value, string named)
    {
        JsonObject node = SampleNodes.Of(Ipv4("b", 2));
        node["spec"]![member] = JsonNode.Parse(value);
        Error(node).ShouldContain(named);
    }

    [Theory]
    [InlineData("backend-data", "{\"VNI\":1,\"VtepMAC\":\"nonsense\"}", "backend-data.VtepMAC is \"nonsense\"")]
    [InlineData("backend-data", "{\"VNI\":\"1\",\"VtepMAC\":\"02:00:00:00:00:02\"}", "backend-data.VNI is \"1\"")]
    [InlineData("backend-data", "{\"VNI\":99999999,\"VtepMAC\":\"02:00:00:00:00:02\"}", "backend-data.VNI is 99999999")]
    [InlineData("backend-data", "{\"VNI\":", "backend-data is {\"VNI\":, not JSON such as {\"VNI\":1")]
    [InlineData("backend-data", "7", "backend-data is 7, not an object")]
    [InlineData("public-ip", "fd77::2", "public-ip is \"fd77::2\", not an IPv4 address such as \"192.0.2.2\"")]
    [InlineData("public-ipv6", "10.0.0.1", "public-ipv6 is \"10.0.0.1\", not an IPv6 address")]
    [InlineData("backend-type", null, "backend-type is missing")]
    public void A_bad_annotation_is_named_with_its_value_and_an_example(string key, string? value, string named)
    {
        JsonObject node = SampleNodes.Of(Ipv4("b", 2));
        node["metadata"]!["annotations"]![SampleNodes.Prefix + key] = value;
        Error(node).ShouldContain(named);
    }

    [Theory]
    [InlineData("{\"VNI\":1,\"VtepMAC\":\"\"}")]
    [InlineData("{\"VtepMAC\":null,\"VNI\":1}")]
    public void An_empty_MAC_is_not_ready_yet(string data) =>
        Read(Parse(With("backend-data", data))).ShouldBe(Ipv4("b", 2) with { BackendData = new(new(1), null) });

    [Fact]
    public void More_than_flannel_writes_is_passed_over() =>
        Read(Parse(With("backend-data", """{ "vni": 1, "vtepmac": "02:00:00:00:00:02", "Extra": ["x"] }"""))).ShouldBe(Ipv4("b", 2));

    [Fact]
    public void Another_backends_data_are_its_own() =>
        Read(Parse(With("backend-data", "null").With(SampleNodes.Prefix + "backend-type", "host-gw")))
            .ShouldBe(Ipv4("b", 2) with { BackendType = "host-gw", BackendData = null });

    [Theory]
    [InlineData("false")]
    [InlineData("True")]
    [InlineData("")]
    public void Who_is_not_managed_takes_no_part(string managed) =>
        Read(Parse(With("kube-subnet-manager", managed))).ShouldBeNull();

    [Fact]
    public void Text_that_is_none_is_an_error_of_that_node()
    {
        string json = SampleNodes.Of(Ipv4("b", 2))
            .ToJsonString().Replace("192.168.77.2", @"\ud800", StringComparison.Ordinal);
        ApiNode node = new NodeParser(SampleNodes.Keys).ReadObject(Encoding.UTF8.GetBytes(json)).ShouldNotBeNull();
        NodeLease.TryRead(node, SampleNodes.Keys, out _, out string? error).ShouldBeFalse();
        error.ShouldNotBeNull().ShouldContain("public-ip is no text");
    }

    private static JsonObject With(string key, string value) =>
        SampleNodes.Of(Ipv4("b", 2)).With(SampleNodes.Prefix + key, value);

    private static ApiNode Parse(JsonNode node) =>
        new NodeParser(SampleNodes.Keys).ReadObject(Encoding.UTF8.GetBytes(node.ToJsonString())).ShouldNotBeNull();

    private static Lease? Read(ApiNode node)
    {
        NodeLease.TryRead(node, SampleNodes.Keys, out Lease? lease, out string? error).ShouldBeTrue(error);
        return lease;
    }

    private static string Error(JsonNode node)
    {
        NodeLease.TryRead(Parse(node), SampleNodes.Keys, out Lease? lease, out string? error).ShouldBeFalse();
        lease.ShouldBeNull();
        return error.ShouldNotBeNull();
    }
}
