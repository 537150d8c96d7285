using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Overlay.Testing.Kubernetes;

namespace Overlay.ControlPlane.Tests;

/// <summary>The stand-in against what a real API server answered to the same.</summary>
public sealed class StandinTests : IAsyncLifetime
{
    // What only the store makes up, or nobody here looks at.
    private static readonly string[] _opaque = ["managedFields", "labels", "annotations", "taints"];

    private readonly HttpClient _http = new();
    private ApiServerStandin _standin = null!;

    public async Task InitializeAsync()
    {
        _standin = await ApiServerStandin.StartAsync(new() { BookmarkInterval = TimeSpan.FromMilliseconds(50) });
        _http.BaseAddress = _standin.Url;
        foreach (JsonNode? node in JsonNode.Parse(Recording.Text("nodes-list.json"))!["items"]!.AsArray())
            _standin.Nodes.Put(node!.AsObject());
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _standin.DisposeAsync();
    }

    [Fact]
    public async Task A_list_is_of_the_recorded_shape() =>
        Recording.Shape(await GetAsync("/api/v1/nodes"), _opaque)
            .ShouldBe(Recording.Shape(JsonNode.Parse(Recording.Text("nodes-list.json")), _opaque));

    [Fact]
    public async Task A_node_is_of_the_recorded_shape() =>
        Recording.Shape(await GetAsync("/api/v1/nodes/node-a"), _opaque)
            .ShouldBe(Recording.Shape(JsonNode.Parse(Recording.Text("node.json")), _opaque));

    [Fact]
    public async Task Pages_are_of_the_recorded_shape_and_all_of_one_version()
    {
        JsonNode first = await GetAsync("/api/v1/nodes?limit=1");
        Recording.Shape(first, _opaque)
            .ShouldBe(Recording.Shape(JsonNode.Parse(Recording.Text("nodes-list-page1.json")), _opaque));
        Encoding.UTF8.GetString(Unpad((string)first["metadata"]!["continue"]!))
            .Replace("\"rv\":202", "\"rv\":224", StringComparison.Ordinal)
            .ShouldBe(Encoding.UTF8.GetString(
                Unpad((string)JsonNode.Parse(Recording.Text("nodes-list-page1.json"))!["metadata"]!["continue"]!)));

        _ = _standin.Nodes.Delete("node-b");
        JsonNode second = await GetAsync($"/api/v1/nodes?limit=1&continue={first["metadata"]!["continue"]}");
        Recording.Shape(second, _opaque)
            .ShouldBe(Recording.Shape(JsonNode.Parse(Recording.Text("nodes-list-page2.json")), _opaque));
        ((string)second["metadata"]!["resourceVersion"]!).ShouldBe((string)first["metadata"]!["resourceVersion"]!);
    }

    [Fact]
    public async Task Refusals_are_the_recorded_ones()
    {
        await ShouldAnswer("/api/v1/nodes/nope", "status-404.http");
        JsonNode first = await GetAsync("/api/v1/nodes?limit=1");
        _standin.Nodes.Compact();
        await ShouldAnswer($"/api/v1/nodes?limit=1&continue={first["metadata"]!["continue"]}",
            "list-continue-expired.http", "continue");
        await ShouldAnswer("/api/v1/nodes?limit=1&continue=nonsense!", "list-bad-continue.http");
        _standin.Tokens = ["right"];
        await ShouldAnswer("/api/v1/nodes", "status-401.http");
    }

    [Fact]
    public async Task A_state_watch_is_the_recorded_one()
    {
        using StreamReader watch = await WatchAsync(
            "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=300");
        JsonNode[] recorded = [.. Recording.Lines("watch-list.jsonl").Select(static line => JsonNode.Parse(line)!)];
        JsonNode[] lines = [await NextAsync(watch), await NextAsync(watch), await NextAsync(watch)];
        lines.Select(static line => (string)line["type"]!).ShouldBe(["ADDED", "ADDED", "BOOKMARK"]);
        // Recorded before flannel had written its condition.
        Recording.Shape(lines[0], [.. _opaque, "conditions"])
            .ShouldBe(Recording.Shape(recorded[0], [.. _opaque, "conditions"]));
        Recording.Shape(lines[2]).ShouldBe(Recording.Shape(recorded[2]));
        Recording.Shape(await NextAsync(watch)).ShouldBe(Recording.Shape(recorded[^1]));

        _ = _standin.Nodes.Delete("node-b");
        JsonNode deleted = await NextAsync(watch);
        while ((string)deleted["type"]! == "BOOKMARK") deleted = await NextAsync(watch);
        Recording.Shape(deleted, _opaque)
            .ShouldBe(Recording.Shape(JsonNode.Parse(Recording.Lines("watch-with-bookmarks.jsonl")[2]), _opaque));
        ((string)deleted["object"]!["metadata"]!["resourceVersion"]!).ShouldBe("203");
    }

    [Fact]
    public async Task Watches_are_refused_in_the_stream_as_recorded()
    {
        _standin.IsStateWatchRefused = true;
        using StreamReader refused = await WatchAsync("sendInitialEvents=true&timeoutSeconds=300");
        JsonNode refusal = await NextAsync(refused);
        JsonNode.DeepEquals(refusal, JsonNode.Parse(Recording.Text("watch-list-refused.jsonl"))).ShouldBeTrue();
        JsonNode.DeepEquals(refusal, JsonNode.Parse(Recording.Body("nodes-watchlist-on-etcd34.http"))).ShouldBeTrue();

        _standin.Nodes.Compact();
        using StreamReader old = await WatchAsync("resourceVersion=20&timeoutSeconds=300");
        JsonNode tooOld = await NextAsync(old);
        tooOld["object"]!["message"] = "too old resource version: 20 (272)";
        JsonNode.DeepEquals(tooOld, JsonNode.Parse(Recording.Body("watch-too-old.http"))).ShouldBeTrue();
    }

    [Fact]
    public async Task A_restarted_server_refuses_every_watch_from_before_in_the_stream_as_recorded()
    {
        long before = _standin.Nodes.Revision;
        await using ApiServerStandin restarted = await ApiServerStandin.StartAsync(new() { Nodes = _standin.Nodes });
        using HttpClient http = new() { BaseAddress = restarted.Url };
        string line = await http.GetStringAsync($"/api/v1/nodes?watch=1&resourceVersion={before}&timeoutSeconds=300");
        JsonNode tooOld = JsonNode.Parse(line)!;
        tooOld["object"]!["message"] = "too old resource version: 3000 (3882)";
        JsonNode.DeepEquals(tooOld, JsonNode.Parse(Recording.Body("watch-after-restart-too-old.http"))).ShouldBeTrue();
    }

    [Fact]
    public async Task A_node_that_is_made_again_has_another_pod_CIDR()
    {
        string[] before = PodCidrs(await GetAsync("/api/v1/nodes/node-b"));
        _ = _standin.Nodes.Delete("node-b");
        _standin.Nodes.Put(NodeJson.Of("node-b"));
        string[] after = PodCidrs(await GetAsync("/api/v1/nodes/node-b"));
        after.Length.ShouldBe(before.Length);
        after.Intersect([.. before, .. PodCidrs(await GetAsync("/api/v1/nodes/node-a"))]).ShouldBeEmpty();
    }

    [Fact]
    public async Task Policies_are_listed_as_recorded_and_refused_without_the_right()
    {
        using HttpResponseMessage refused = await _http.GetAsync("/apis/networking.k8s.io/v1/networkpolicies?limit=1");
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        _standin.Policies = [];
        JsonNode.DeepEquals(
            await GetAsync("/apis/networking.k8s.io/v1/networkpolicies?limit=1"),
            JsonNode.Parse(Recording.Text("policy/networkpolicies-list.json"))).ShouldBeTrue();
    }

    [Fact]
    public async Task A_patch_of_the_status_is_merged_as_recorded()
    {
        using HttpRequestMessage request = new(HttpMethod.Patch, "/api/v1/nodes/node-b/status");
        request.Content = new StringContent("""{"metadata":{"annotations":{"flannel.alpha.coreos.com/public-ip":"192.168.77.9"}},"spec":{"podCIDR":"10.0.0.0/24"}}""", Encoding.UTF8);
        request.Content.Headers.ContentType = new("application/strategic-merge-patch+json");
        using HttpResponseMessage response = await _http.SendAsync(request);
        JsonNode answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        JsonNode recorded = JsonNode.Parse(Recording.Body("patch-status-strategic.http"))!;
        Recording.Shape(answer, _opaque).ShouldBe(Recording.Shape(recorded, _opaque));
        Flannels(answer).ShouldBe(Flannels(recorded));
        JsonNode.DeepEquals(answer["spec"], recorded["spec"]).ShouldBeTrue();
    }

    private static string[] PodCidrs(JsonNode node) =>
        [.. node["spec"]!["podCIDRs"]!.AsArray().Select(static podCidr => (string)podCidr!)];

    private static string[] Flannels(JsonNode node) => [.. node["metadata"]!["annotations"]!.AsObject()
        .Where(static entry => entry.Key.StartsWith(SampleNodes.Prefix, StringComparison.Ordinal))
        .Select(static entry => $"{entry.Key}={entry.Value}")];

    private async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await _http.GetStringAsync(path))!;

    private async Task<StreamReader> WatchAsync(string query)
    {
        HttpResponseMessage response =
            await _http.GetAsync($"/api/v1/nodes?watch=1&{query}", HttpCompletionOption.ResponseHeadersRead);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    private static async Task<JsonNode> NextAsync(StreamReader watch) =>
        JsonNode.Parse((await watch.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)))!)!;

    private async Task ShouldAnswer(string path, string recording, string? ofItsOwn = null)
    {
        using HttpResponseMessage response = await _http.GetAsync(path);
        ((int)response.StatusCode).ShouldBe(Recording.StatusCode(recording));
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        JsonNode answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        JsonNode recorded = JsonNode.Parse(Recording.Body(recording))!;
        if (ofItsOwn is not null) answer["metadata"]![ofItsOwn] = recorded["metadata"]![ofItsOwn]!.DeepClone();
        answer.ToJsonString().ShouldBe(recorded.ToJsonString());
    }

    private static byte[] Unpad(string token) =>
        Convert.FromBase64String(token.Replace('-', '+').Replace('_', '/').PadRight((token.Length + 3) / 4 * 4, '='));
}
