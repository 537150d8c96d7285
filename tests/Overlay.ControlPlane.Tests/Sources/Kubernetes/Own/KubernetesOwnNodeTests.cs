using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.Testing.Kubernetes;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class KubernetesOwnNodeTests
{
    [Fact]
    public async Task Publishes_flannels_bytes()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(OwnDual));
        JsonNode recorded = JsonNode.Parse(Recording.Text("node.json"))!["metadata"]!["annotations"]!;
        Lease own = OwnDual with
        {
            PublicIp = Address("192.168.77.1"),
            PublicIpV6 = Address("fd77::1"),
            BackendData = Vtep("3a:74:bf:96:92:d9"),
            BackendV6Data = Vtep("ae:e8:27:aa:35:0e"),
        };
        await fixture.Source.PublishAsync(own, default);

        JsonObject expected = new(recorded.AsObject()
            .Where(static entry => entry.Key.StartsWith(SampleNodes.Prefix, StringComparison.Ordinal))
            .Select(static entry => KeyValuePair.Create(entry.Key, entry.Value?.DeepClone())));
        expected.Count.ShouldBe(6);
        JsonNode.DeepEquals(fixture.Nodes.Get("own")!["metadata"]!["annotations"], expected).ShouldBeTrue();
        SeenRequest patch = fixture.Requests(static request => request.IsPatch).ShouldHaveSingleItem();
        patch.Path.ShouldBe("/api/v1/nodes/own/status");
        patch.Body.ShouldBe(
            """{"metadata":{"annotations":{"flannel.alpha.coreos.com/backend-data":"{\"VNI\":1,\"VtepMAC\":\"3a:74:bf:96:92:d9\"}","flannel.alpha.coreos.com/backend-type":"vxlan","flannel.alpha.coreos.com/backend-v6-data":"{\"VNI\":1,\"VtepMAC\":\"ae:e8:27:aa:35:0e\"}","flannel.alpha.coreos.com/kube-subnet-manager":"true","flannel.alpha.coreos.com/public-ip":"192.168.77.1","flannel.alpha.coreos.com/public-ipv6":"fd77::1"}}}""");
        (await fixture.Source.FindAsync("own", default)).ShouldBe(own);
    }

    [Fact]
    public async Task Publishes_only_the_family_there_is_and_only_what_differs()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(OwnIpv6));
        await fixture.Source.PublishAsync(OwnIpv6, default);
        fixture.Nodes.Get("own")!["metadata"]!["annotations"]!.AsObject()
            .Select(static entry => entry.Key[SampleNodes.Prefix.Length..])
            .ShouldBe(["backend-type", "backend-v6-data", "kube-subnet-manager", "public-ipv6"]);

        await fixture.Source.PublishAsync(OwnIpv6, default);
        fixture.Requests(static request => request.IsPatch).Count.ShouldBe(1);
        await fixture.Source.PublishAsync(OwnIpv6 with { PublicIpV6 = Address("fd77::9") }, default);
        fixture.Requests(static request => request.IsPatch)[1].Body.ShouldBe("""{"metadata":{"annotations":{"flannel.alpha.coreos.com/public-ipv6":"fd77::9"}}}""");
    }

    [Fact]
    public async Task A_family_that_is_given_up_is_announced_no_more()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(
            nodes: SampleNodes.Bare(OwnDual).With(SampleNodes.Keys.PublicIpV6Overwrite, "2001:db8::7"));
        await fixture.Source.PublishAsync(OwnDual, default);
        fixture.Nodes.Annotation("own", SampleNodes.Keys.PublicIpV6).ShouldBe("2001:db8::7");

        await fixture.Source.PublishAsync(OwnDual with { PublicIpV6 = null, BackendV6Data = null }, default);
        fixture.Nodes.Get("own")!["metadata"]!["annotations"]!.AsObject()
            .Select(static entry => entry.Key[SampleNodes.Prefix.Length..])
            .ShouldBe(["backend-data", "backend-type", "kube-subnet-manager", "public-ip", "public-ipv6-overwrite"],
                ignoreOrder: true);

        await fixture.Source.PublishAsync(OwnDual, default);
        fixture.Nodes.Annotation("own", SampleNodes.Keys.PublicIpV6).ShouldBe("2001:db8::7");
    }

    [Fact]
    public async Task Another_prefix_is_another_network()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(
            change: static options => options with { AnnotationPrefix = "example.com/blue" },
            nodes: [SampleNodes.Of(Ipv4("b", 2)), SampleNodes.Bare(Own)]);
        await fixture.Source.PublishAsync(Own, default);
        fixture.Nodes.Annotation("own", "example.com/blue-public-ip").ShouldBe("192.168.77.1");
        fixture.Watch();
        await fixture.ShouldSee(Own);
    }

    [Fact]
    public async Task An_overwrite_replaces_the_published_address_alone_also_when_it_comes_later()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(
            nodes: SampleNodes.Bare(OwnDual).With(SampleNodes.Keys.PublicIpOverwrite, "203.0.113.7"));
        await fixture.Source.PublishAsync(OwnDual, default);
        fixture.Nodes.Annotation("own", SampleNodes.Keys.PublicIp).ShouldBe("203.0.113.7");
        fixture.Nodes.Annotation("own", SampleNodes.Keys.PublicIpV6).ShouldBe("fd77::1");

        fixture.Watch();
        await fixture.IsWatching();
        fixture.Nodes.Annotate("own", SampleNodes.Keys.PublicIpOverwrite, null);
        await fixture.Eventually(() => fixture.Nodes.Annotation("own", SampleNodes.Keys.PublicIp) == "192.168.77.1");
        fixture.Nodes.Annotate("own", SampleNodes.Keys.PublicIpV6Overwrite, "2001:db8::7");
        await fixture.Eventually(() => fixture.Nodes.Annotation("own", SampleNodes.Keys.PublicIpV6) == "2001:db8::7");
        fixture.Source.Problems.ShouldBeEmpty();

        fixture.Nodes.Annotate("own", SampleNodes.Keys.PublicIpV6Overwrite, "nonsense");
        await fixture.Eventually(() => fixture.Nodes.Annotation("own", SampleNodes.Keys.PublicIpV6) == "fd77::1");
        await fixture.Eventually(() => fixture.Source.Problems.Count == 1);
        fixture.Source.Problems["nodes/own"]
            .ShouldContain("public-ipv6-overwrite is \"nonsense\", not an IPv6 address");
    }

    [Fact]
    public async Task What_another_tool_takes_off_is_written_again_by_the_watch()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(Own));
        fixture.Watch();
        await fixture.Source.PublishAsync(Own, default);
        await fixture.Source.ReportReadyAsync("own", default);
        await fixture.ShouldSee(Own);

        JsonObject stripped = fixture.Nodes.Get("own")!;
        _ = stripped["metadata"]!.AsObject().Remove("annotations");
        fixture.Nodes.Put(stripped);
        await fixture.Eventually(() => fixture.Nodes.Annotation("own", SampleNodes.Keys.PublicIp) == "192.168.77.1");
        await fixture.UpToDate();
        fixture.Leases.ShouldBe([Own]);
        fixture.Logger.Warnings.ShouldContain(
            static line => line.Contains("was changed by somebody and is written again"));
    }

    [Fact]
    public async Task A_node_made_anew_is_announced_and_ready_again()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(Own));
        fixture.Watch();
        await fixture.Source.PublishAsync(Own, default);
        await fixture.Source.ReportReadyAsync("own", default);
        await fixture.ShouldSee(Own);

        _ = fixture.Nodes.Delete("own");
        await fixture.Eventually(() => fixture.Source.Problems.ContainsKey("nodes/own"));
        fixture.Source.Problems["nodes/own"].ShouldContain("not in the cluster any more");
        fixture.Nodes.Put(SampleNodes.Bare(Own));
        await fixture.Eventually(() => fixture.Nodes.Annotation("own", SampleNodes.Keys.Managed) == "true"
            && fixture.Nodes.Condition("own", "NetworkUnavailable") is not null);
        await fixture.ShouldSee(Own);
        await fixture.Eventually(() => fixture.Source.Problems.Count == 0);
    }

    [Fact]
    public async Task Another_writer_is_named_and_not_fought_without_end()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(Own));
        fixture.Watch();
        await fixture.Source.PublishAsync(Own, default);
        await fixture.ShouldSee(Own);
        for (int i = 0; i < 4; i++)
        {
            fixture.Nodes.Annotate("own", SampleNodes.Keys.PublicIp, "192.168.77.99");
            await fixture.Eventually(
                () => fixture.Nodes.Annotation("own", SampleNodes.Keys.PublicIp) == "192.168.77.1");
        }

        fixture.Source.Problems["nodes/own"]
            .ShouldContain(
                "another daemon too, such as flannel: annotation flannel.alpha.coreos.com/public-ip is "
                + "\"192.168.77.99\", not \"192.168.77.1\"");
        fixture.Logger.Of(LogLevel.Error).ShouldHaveSingleItem();

        // By now 1.6 s are between two writes, however fast the other is.
        int before = fixture.Requests(static request => request.IsPatch).Count;
        for (int i = 0; i < 50; i++)
        {
            fixture.Nodes.Annotate("own", SampleNodes.Keys.PublicIp, $"192.168.77.{100 + i}");
            await Task.Delay(10);
        }

        fixture.Requests(static request => request.IsPatch).Count.ShouldBeLessThanOrEqualTo(before + 1);
    }

    [Fact]
    public async Task Readiness_is_the_nodes_condition()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(Own));
        fixture.Nodes.Patch(
            "own",
            new()
            {
                ["status"] = new JsonObject
                {
                    ["conditions"] = new JsonArray(
                new JsonObject { ["type"] = "NetworkUnavailable", ["status"] = "True", ["reason"] = "NoRouteCreated" },
                new JsonObject { ["type"] = "Ready", ["status"] = "True" })
                }
            });
        await fixture.Source.ReportReadyAsync("own", default);
        JsonNode condition = fixture.Nodes.Condition("own", "NetworkUnavailable").ShouldNotBeNull();
        ((string)condition["status"]!).ShouldBe("False");
        ((string)condition["reason"]!).ShouldBe("OverlayIsUp");
        ((string)condition["message"]!).ShouldBe("Overlay carries pod traffic on this node");
        ((string)condition["lastHeartbeatTime"]!).ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$");
        ((string)condition["lastTransitionTime"]!).ShouldBe((string)condition["lastHeartbeatTime"]!);
        fixture.Nodes.Condition("own", "Ready").ShouldNotBeNull("other conditions are the kubelet's");
        fixture.Nodes.Annotation("own", SampleNodes.Keys.Managed).ShouldBeNull();

        // A cloud's node controller does so, some time after the Node is made.
        fixture.Watch();
        await fixture.IsWatching();
        fixture.Nodes.Patch("own", new()
        {
            ["status"] = new JsonObject
            {
                ["conditions"] = new JsonArray(
            new JsonObject { ["type"] = "NetworkUnavailable", ["status"] = "True" })
            }
        });
        await fixture.Eventually(
            () => (string?)fixture.Nodes.Condition("own", "NetworkUnavailable")!["status"] == "False");
    }

    [Fact]
    public async Task What_could_not_be_written_is_written_by_the_watch()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(Own));
        fixture.Standin.Misbehave(
            static request => request.IsPatch, Wrongdoing.Status(500, "InternalError", "on purpose"), times: 4);
        IOException exception = await Should.ThrowAsync<IOException>(() => fixture.Source.PublishAsync(Own, default));
        exception.Message.ShouldContain("500 InternalServerError: on purpose");
        _ = await Should.ThrowAsync<IOException>(() => fixture.Source.ReportReadyAsync("own", default));
        fixture.Source.Problems["nodes/own"].ShouldContain("on purpose");

        fixture.Watch();
        await fixture.ShouldSee(Own);
        await fixture.Eventually(() => fixture.Nodes.Condition("own", "NetworkUnavailable") is not null);
        await fixture.Eventually(() => fixture.Source.Problems.Count == 0);
        fixture.Logger.Warnings.Count(static line => line.Contains("on purpose")).ShouldBe(1);
    }

    [Fact]
    public async Task A_busy_server_is_left_alone_by_writes_for_as_long_as_it_asks()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(Own));
        fixture.Standin.Misbehave(static request =>
            request.IsPatch, Wrongdoing.Status(429, "TooManyRequests", "please try again later", retryAfter: 2));
        long began = TimeProvider.System.GetTimestamp();
        (await Should.ThrowAsync<IOException>(() => fixture.Source.PublishAsync(Own, default))).Message.ShouldContain(
            "429");
        int asked = fixture.Standin.Requests.Count;
        (await Should.ThrowAsync<IOException>(
            () => fixture.Source.ReportReadyAsync("own", default))).Message.ShouldContain("429");
        fixture.Standin.Requests.Count.ShouldBe(asked, "the daemon's own tries wait too");

        fixture.Watch();
        await fixture.Eventually(() => fixture.Nodes.Condition("own", "NetworkUnavailable") is not null);
        TimeProvider.System.GetElapsedTime(began).ShouldBeGreaterThan(TimeSpan.FromSeconds(2));
        fixture.Requests(static request => request.IsPatch).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Withdrawing_keeps_the_annotations()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(Own));
        await fixture.Source.PublishAsync(Own, default);
        await fixture.Source.WithdrawAsync("own", default);
        (await fixture.Source.FindAsync("own", default)).ShouldBe(Own);
        (await fixture.Source.FindAsync("nobody", default)).ShouldBeNull();
        (await fixture.Source.FindAsync("../own", default)).ShouldBeNull();

        fixture.Standin.Misbehave(static _ => true, Wrongdoing.Body("404 page not found", 404));
        IOException exception = await Should.ThrowAsync<IOException>(() => fixture.Source.FindAsync("own", default));
        exception.Message.ShouldContain("is this the URL of an API server?");
    }
}
