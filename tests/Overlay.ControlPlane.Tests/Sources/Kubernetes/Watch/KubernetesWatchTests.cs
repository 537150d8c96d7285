using System.Text.Json.Nodes;
using Overlay.ControlPlane.Leases;
using Overlay.Testing;
using Overlay.Testing.Kubernetes;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public class KubernetesWatchTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_first_update_is_a_snapshot_of_all_own_too_then_events(bool stateWatchIsRefused)
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Dual("b", 2));
        fixture.Nodes.Put(Bare("not-flannel", 9));
        fixture.Standin.IsStateWatchRefused = stateWatchIsRefused;
        fixture.Watch();
        await fixture.ShouldSee(Dual("b", 2), Own);
        fixture.Updates[0].ShouldBeOfType<LeaseUpdate.Snapshot>().Leases.Count.ShouldBe(2);
        await fixture.IsWatching();

        fixture.Nodes.Put(SampleNodes.Of(Ipv4("c", 3)));
        await fixture.ShouldSee(Dual("b", 2), Ipv4("c", 3), Own);
        fixture.Nodes.Annotate("c", SampleNodes.Keys.PublicIp, "192.168.77.33");
        await fixture.ShouldSee(Dual("b", 2), Ipv4("c", 3) with { PublicIp = Address("192.168.77.33") }, Own);
        _ = fixture.Nodes.Delete("b");
        await fixture.ShouldSee(Ipv4("c", 3) with { PublicIp = Address("192.168.77.33") }, Own);
        fixture.Snapshots.ShouldBe(1);
        fixture.Source.Location.ShouldBe(new StoreLocation("Kubernetes", fixture.Standin.Url.ToString().TrimEnd('/')));
        fixture.Source.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_state_watch_is_asked_for_as_the_server_expects_it()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own);
        fixture.Watch();
        await fixture.ShouldSee(Own);
        fixture.Standin.Requests.ShouldHaveSingleItem().Path.ShouldMatch(
            @"^/api/v1/nodes\?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=&allowWatchBookmarks=true&timeoutSeconds=[3-6]\d\d$");
    }

    [Theory]
    [InlineData(400, "BadRequest")]
    [InlineData(422, "Invalid")]
    public async Task A_server_that_does_not_know_state_watches_is_asked_for_a_list(int code, string reason)
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        fixture.Standin.Misbehave(static request =>
            request.IsStateWatch, Wrongdoing.Status(code, reason, "sendInitialEvents: Forbidden"), times: 100);
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        fixture.Standin.Requests[1].Path.ShouldBe("/api/v1/nodes?limit=500");
        await fixture.IsWatching();
        fixture.Standin.Requests[2].Path.ShouldStartWith(
            $"/api/v1/nodes?watch=1&resourceVersion={fixture.Nodes.Revision}&allowWatchBookmarks=true&timeoutSeconds=");
        fixture.Logger.Warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(500, "etcdserver: leader changed", true)]
    [InlineData(429, "please try again later", true)]
    [InlineData(422, "sendInitialEvents: Forbidden", false)]
    public async Task A_server_that_fails_to_tell_the_state_is_asked_for_a_list_and_some_time_for_the_state_again(
        int code, string message, bool isAskedAgain)
    {
        ManualTimeProvider time = new();
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(
            time: time, nodes: SampleNodes.Of(Own));
        fixture.Standin.Misbehave(
            static request => request.IsStateWatch,
            Wrongdoing.Body($$$"""{"type":"ERROR","object":{"kind":"Status","code":{{{code}}},"message":"{{{message}}}"}}""" + "\n"));
        fixture.Watch();
        await fixture.ShouldSee(Own);
        fixture.Standin.Requests[1].Path.ShouldBe("/api/v1/nodes?limit=500");
        await fixture.IsWatching();

        time.Now += KubernetesFixture.Quick.StateWatchPause;
        await fixture.Standin.SendAsync(Recording.Body("watch-too-old.http") + "\n");
        await fixture.Eventually(() => fixture.Snapshots == 2);
        fixture.Requests(static request => request.IsStateWatch).Count.ShouldBe(isAskedAgain ? 2 : 1);
        fixture.Logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_server_that_takes_a_state_watch_for_an_ordinary_one_is_asked_for_a_list()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own);
        fixture.Standin.Misbehave(static request =>
            request.IsStateWatch, Wrongdoing.Body(Recording.Lines("watch-with-bookmarks.jsonl")[4] + "\n"));
        fixture.Watch();
        await fixture.ShouldSee(Own);
    }

    [Fact]
    public async Task Pages_are_read_to_the_last()
    {
        Lease[] leases = [.. Enumerable.Range(2, 11).Select(static n => Ipv4($"n{n:d2}", n))];
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(
            standin: new() { LargestPage = 3 }, nodes: [.. leases.Select(SampleNodes.Of)]);
        fixture.Standin.IsStateWatchRefused = true;
        fixture.Watch();
        await fixture.ShouldSee(leases);
        fixture.Requests(static request => request.IsList).Count.ShouldBe(4);
        fixture.Snapshots.ShouldBe(1);
    }

    [Theory]
    [InlineData("list-continue-expired.http")]
    [InlineData("list-bad-continue.http")]
    [InlineData("services-bad-continue.http")]
    [InlineData("pods-exact-compacted.http")]
    public async Task A_list_whose_pages_expire_is_read_in_one_piece(string recording)
    {
        Lease[] leases = [.. Enumerable.Range(2, 8).Select(static n => Ipv4($"n{n:d2}", n))];
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(
            standin: new() { LargestPage = 3 }, nodes: [.. leases.Select(SampleNodes.Of)]);
        fixture.Standin.IsStateWatchRefused = true;
        fixture.Standin.Misbehave(
            static request => request.Path.Contains("continue=", StringComparison.Ordinal), new(context =>
        {
            // Of the first page, which was read before.
            _ = fixture.Nodes.Delete("n02");
            return Wrongdoing.Body(Recording.Body(recording), Recording.StatusCode(recording)).Answer(context);
        }));
        fixture.Watch();
        await fixture.ShouldSee(leases[1..]);
        fixture.Requests(static request => request.IsList).Select(static request => request.Path.Split('&')[0])
            .ShouldBe(["/api/v1/nodes?limit=500", "/api/v1/nodes?limit=500", "/api/v1/nodes?"]);
        fixture.Logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_changes_no_lease_is_not_told()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        await fixture.UpToDate();
        DateTimeOffset? before = fixture.Source.Status.LastSync;
        for (int i = 0; i < 20; i++) fixture.Nodes.Heartbeat("b");
        fixture.Nodes.Put(Bare("not-flannel", 9));
        fixture.Nodes.Annotate("b", "example.com/zone", "z1");
        await fixture.UpToDate();

        fixture.Updates.Count.ShouldBe(1);
        fixture.Source.Status.LastSync.ShouldNotBeNull().ShouldBeGreaterThan(before!.Value);
    }

    [Fact]
    public async Task A_bookmark_moves_the_version_that_a_watch_goes_on_from()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own);
        fixture.Watch();
        await fixture.ShouldSee(Own);
        await fixture.IsWatching();
        await fixture.Standin.SendAsync(Recording.Lines("watch-with-bookmarks.jsonl")[4]
            .Replace("\"231\"", "\"201\"", StringComparison.Ordinal) + "\n");
        await fixture.Eventually(() => fixture.Source.Status.Revision == "201");
        await fixture.Standin.SendAsync(Recording.Lines("watch-with-bookmarks.jsonl")[4]
            .Replace("\"231\"", "\"777\"", StringComparison.Ordinal) + "\n");
        await fixture.Eventually(() => fixture.Source.Status.Revision == "777");
        await fixture.Standin.EndWatchesAsync();
        await fixture.Eventually(
            () => fixture.Standin.Requests[^1].Path.Contains("watch=1&resourceVersion=777&", StringComparison.Ordinal));
        fixture.Snapshots.ShouldBe(1);
    }

    [Fact]
    public async Task A_watch_that_ends_goes_on_without_a_list_and_misses_nothing()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        for (int n = 3; n < 8; n++)
        {
            await fixture.IsWatching();
            await Task.Delay(2 * KubernetesFixture.Quick.ShortWatch);
            if (n % 2 == 0) fixture.Standin.AbortWatches();
            else await fixture.Standin.EndWatchesAsync();
            fixture.Nodes.Put(SampleNodes.Of(Ipv4("b", n)));
            await fixture.ShouldSee(Ipv4("b", n), Own);
        }

        fixture.Snapshots.ShouldBe(1);
        fixture.Requests(static request => !request.IsWatch).ShouldBeEmpty();
        fixture.Logger.Warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_version_is_gone_all_is_read_not_older_than_it_and_only_then_anew(bool inStream)
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        await fixture.IsWatching();
        string version = fixture.Source.Status.Revision!;
        Wrongdoing gone = inStream
            ? Wrongdoing.Body(Recording.Body("watch-too-old.http"))
            : Wrongdoing.Body(Recording.Body("list-too-old.http"), Recording.StatusCode("list-too-old.http"));
        fixture.Standin.Misbehave(static request => request.IsWatch, gone, times: 2);
        _ = fixture.Nodes.Delete("b");
        fixture.Nodes.Put(SampleNodes.Of(Ipv4("c", 3)));
        await fixture.UpToDate();
        await Task.Delay(2 * KubernetesFixture.Quick.ShortWatch);
        version = fixture.Source.Status.Revision!;
        await fixture.Standin.EndWatchesAsync();

        await fixture.Eventually(() => fixture.Snapshots == 2);
        await fixture.ShouldSee(Ipv4("c", 3), Own);
        fixture.Standin.Requests.Skip(1).Select(static request => request.Path[14..].Split("&allow")[0]).ShouldBe(
        [
            $"watch=1&resourceVersion={version}",
            $"watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion={version}",
            "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=",
        ]);
        fixture.Logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public async Task With_lists_too()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        fixture.Standin.IsStateWatchRefused = true;
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        await fixture.IsWatching();
        string version = fixture.Source.Status.Revision!;
        fixture.Standin.Misbehave(
            static request => request.IsList, Wrongdoing.Body(Recording.Body("list-too-old.http"), 410));
        fixture.Nodes.Compact();
        await fixture.Standin.SendAsync(Recording.Body("watch-too-old.http") + "\n");

        await fixture.Eventually(() => fixture.Snapshots == 2);
        fixture.Requests(static request => request.IsList).Select(static request => request.Path).ShouldBe(
            ["/api/v1/nodes?limit=500", $"/api/v1/nodes?resourceVersion={version}&resourceVersionMatch=NotOlderThan",
                "/api/v1/nodes?limit=500"]);
        fixture.Source.WatchRestarts(WatchEnd.Gone).ShouldBe(1);
        fixture.Source.WatchRestarts(WatchEnd.Failed).ShouldBe(0);
        fixture.Source.Relists.ShouldBe(1);
    }

    [Fact]
    public async Task A_store_that_went_back_in_time_is_read_anew()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own);
        fixture.Standin.IsStateWatchRefused = true;
        fixture.Watch();
        await fixture.ShouldSee(Own);
        await fixture.IsWatching();
        await fixture.Standin.SendAsync(Recording.Lines("watch-with-bookmarks.jsonl")[4]
            .Replace("\"231\"", "\"9999\"", StringComparison.Ordinal) + "\n");
        await fixture.Standin.SendAsync(Recording.Body("watch-too-old.http") + "\n");
        await fixture.Eventually(
            () => fixture.Snapshots == 2 && fixture.Source.Status.Revision == $"{fixture.Nodes.Revision}");
    }

    [Fact]
    public async Task Events_that_come_twice_are_told_once()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        await fixture.IsWatching();
        JsonObject node = fixture.Nodes.Get("b")!;
        string line = new JsonObject { ["type"] = "MODIFIED", ["object"] = node }.ToJsonString() + "\n";
        for (int i = 0; i < 10; i++) await fixture.Standin.SendAsync(line);
        fixture.Nodes.Put(SampleNodes.Of(Ipv4("c", 3)));
        await fixture.ShouldSee(Ipv4("b", 2), Ipv4("c", 3), Own);
        fixture.Updates.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_second_watch_begins_with_a_snapshot()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        await foreach (LeaseUpdate update in fixture.Source.WatchAsync([], default))
        {
            update.ShouldBeOfType<LeaseUpdate.Snapshot>().Leases.ShouldBe([Ipv4("b", 2), Own]);
            break;
        }

        await fixture.Eventually(() => fixture.Standin.Watches == 0);
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
    }

    private static JsonObject Bare(string name, int number) => SampleNodes.Bare(Ipv4(name, number));
}
