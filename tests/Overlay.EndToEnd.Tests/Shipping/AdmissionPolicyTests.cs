using System.Text.Json.Nodes;
using Overlay.EndToEnd.Tests.ControlPlane;
using Overlay.Lab.Topology;
using Overlay.Testing.Kubernetes;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>
/// A daemon's own writes pass the optional admission policy; what a stolen token could do besides does not.
/// </summary>
public class AdmissionPolicyTests
{
    private const string Daemon = "system:serviceaccount:overlay:overlay";

    private static readonly JsonObject _node = Node();

    private readonly AdmissionPolicy _policy = new();

    public static TheoryData<string, string, string> Refusals => new()
    {
        { "labels", """{"metadata":{"labels":{"pool":"other"}}}""", "may not change labels" },
        { "another's annotation", """{"metadata":{"annotations":{"example.org/rack":"r2"}}}""", "flannel" },
        { "a new annotation", """{"metadata":{"annotations":{"example.org/new":"1"}}}""", "flannel" },
        { "addresses", """{"status":{"addresses":[{"type":"InternalIP","address":"192.0.2.66"}]}}""", "nothing of the status" },
        { "capacity", """{"status":{"capacity":{"cpu":"64"}}}""", "nothing of the status" },
        { "owners", """{"metadata":{"ownerReferences":[{"kind":"Pod","name":"x","uid":"1"}]}}""", "ownerReferences" },
        { "another's condition", """{"status":{"conditions":[{"type":"Ready","status":"True"}]}}""", "Unavailable" },
    };

    [Fact]
    public async Task A_daemons_own_writes_are_admitted()
    {
        await using KubernetesCluster cluster = await KubernetesCluster.StartAsync(
            new LabOptions { Name = "admission", Nodes = 1, PodsPerNode = 0 });
        _ = cluster.StartDaemons();
        JsonObject before = NodeJson.Of("a", KubernetesCluster.PodCidrsOf(cluster["a"]));
        Waiting.For(() => (string?)cluster.Nodes.Condition("a", "NetworkUnavailable")?["status"] == "False", 30);
        JsonObject after = cluster.Nodes.Get("a")!;
        after["metadata"]!["annotations"]!["flannel.alpha.coreos.com/backend-data"].ShouldNotBeNull();
        _policy.Judge(Daemon, "a", before, after).ShouldBeNull();
        _policy.Judge(Daemon, "b", before, after).ShouldBe(
            "overlayd on node 'b' may write to its own Node alone, not to a");
        _policy.Judge(Daemon, null, before, after).ShouldBe(
            "overlayd on node '' may write to its own Node alone, not to a");
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_is_no_lease_is_refused(string what, string change, string message)
    {
        JsonObject after = _node.DeepClone().AsObject();
        StrategicMergePatch.Apply(after, JsonNode.Parse(change)!.AsObject());
        _policy.Judge(Daemon, "a", _node, after).ShouldNotBeNull(what).ShouldContain(message);
        _policy.Judge("system:node:a", null, _node, after).ShouldBeNull("it is the daemons' policy alone");
    }

    // A server merges our patch into the Node of now: the parts of others are the same before and behind it.
    [Fact]
    public void A_lease_beside_what_others_have_written_is_admitted()
    {
        JsonObject after = Node().With("flannel.alpha.coreos.com/public-ip", "192.0.2.1");
        StrategicMergePatch.Apply(after, JsonNode.Parse("""
            {"status":{"conditions":[{"type":"NetworkUnavailable","status":"False"}]}}
            """)!.AsObject());
        _policy.Judge(Daemon, "a", _node, after).ShouldBeNull();
    }

    [Fact]
    public void What_others_have_written_is_not_to_be_removed_either()
    {
        JsonObject without = Node();
        _ = without["metadata"]!.AsObject().Remove("labels");
        _policy.Judge(Daemon, "a", _node, without).ShouldNotBeNull().ShouldContain("may not change labels");
        without = Node();
        without["status"]!["conditions"] = new JsonArray();
        _policy.Judge(Daemon, "a", _node, without).ShouldNotBeNull().ShouldContain("NetworkUnavailable alone");
        without = Node();
        _ = without["status"]!.AsObject().Remove("addresses");
        _policy.Judge(Daemon, "a", _node, without).ShouldNotBeNull().ShouldContain("nothing of the status");
    }

    [Fact]
    public void Another_ones_annotation_is_not_to_be_removed()
    {
        JsonObject after = _node.DeepClone().AsObject();
        _ = after["metadata"]!["annotations"]!.AsObject().Remove("example.org/rack");
        _policy.Judge(Daemon, "a", _node, after)
            .ShouldBe("overlayd may write annotations of flannel.alpha.coreos.com/ alone");
    }

    private static JsonObject Node()
    {
        JsonObject node = NodeJson.Of("a", "10.244.1.0/24").With("example.org/rack", "r1");
        node["status"] = JsonNode.Parse("""
            {"conditions":[{"type":"Ready","status":"False","reason":"KubeletNotReady"}],"capacity":{"cpu":"2"},
            "addresses":[{"type":"InternalIP","address":"192.0.2.1"}]}
            """);
        return node;
    }
}
