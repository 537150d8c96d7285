using Overlay.ControlPlane.Leases;
using Overlay.Testing.Kubernetes;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

/// <summary>Servers that refuse, break off, keep silent or are away.</summary>
public class KubernetesTroubleTests
{
    [Fact]
    public async Task A_server_that_is_busy_is_left_alone_for_as_long_as_it_asks()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own);
        fixture.Standin.Misbehave(
            static _ => true, Wrongdoing.Status(429, "TooManyRequests", "please try again later", retryAfter: 1));
        long began = TimeProvider.System.GetTimestamp();
        fixture.Watch();
        await fixture.ShouldSee(Own);
        TimeProvider.System.GetElapsedTime(began).ShouldBeGreaterThan(TimeSpan.FromSeconds(1));
        fixture.Standin.Requests.Count.ShouldBe(2);
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("429");
    }

    [Theory]
    [InlineData(401, "Unauthorized", "it does not take a request without credentials")]
    [InlineData(403, "Forbidden", "ClusterRole needs get, list and watch on nodes")]
    [InlineData(404, "NotFound", "is this the URL of an API server?")]
    [InlineData(500, "InternalError", "answers 500 InternalServerError: on purpose")]
    public async Task A_refusal_is_said_once_with_what_to_do_and_outlasted(int code, string reason, string said)
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own);
        fixture.Standin.Misbehave(static _ => true, Wrongdoing.Status(code, reason, "on purpose"), times: 5);
        fixture.Watch();
        await fixture.Eventually(() => fixture.Source.Problems.Count > 0);
        fixture.Source.Problems.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            problem => problem.Key.ShouldBe(fixture.Source.Location.Place),
            problem => problem.Value.ShouldContain(said));
        fixture.Source.Status.State.ShouldBe(StoreState.Connecting);
        await fixture.ShouldSee(Own);
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldContain(said);
        fixture.Source.Problems.ShouldBeEmpty();
        fixture.Source.Status.State.ShouldBe(StoreState.Connected);
    }

    [Fact]
    public async Task An_error_in_the_stream_is_recovered_from_without_a_list()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        await fixture.IsWatching();
        await fixture.Standin.SendAsync("""{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcdserver: leader changed"}}""" + "\n");
        await fixture.Eventually(() => fixture.Requests(static request => request.IsWatch).Count == 2);
        fixture.Nodes.Put(SampleNodes.Of(Ipv4("b", 3)));
        await fixture.ShouldSee(Ipv4("b", 3), Own);
        fixture.Snapshots.ShouldBe(1);
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("etcdserver: leader changed");
    }

    [Fact]
    public async Task A_watch_that_breaks_off_in_the_middle_of_an_object_is_one_that_ended()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        string line = Recording.Lines("watch-list.jsonl")[0];
        foreach (int cut in new[] { 1, 9, 100, line.Length / 2, line.Length - 1 })
        {
            await fixture.IsWatching();
            int requests = fixture.Standin.Requests.Count;
            await fixture.Standin.SendAsync(line[..cut]);
            await fixture.Standin.EndWatchesAsync();
            await fixture.Eventually(() => fixture.Standin.Requests.Count > requests);
        }

        fixture.Nodes.Put(SampleNodes.Of(Ipv4("b", 3)));
        await fixture.ShouldSee(Ipv4("b", 3), Own);
        fixture.Snapshots.ShouldBe(1);
    }

    [Fact]
    public async Task A_list_that_breaks_off_is_read_again_and_nothing_of_it_is_told()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        fixture.Standin.IsStateWatchRefused = true;
        string list = Recording.Text("nodes-list.json");
        fixture.Standin.Misbehave(static request => request.IsList, Wrongdoing.Body(list[..(list.Length / 2)]));
        fixture.Standin.Misbehave(static request => request.IsList, Wrongdoing.Torn(list[..(list.Length * 3 / 4)]));
        fixture.Standin.Misbehave(static request => request.IsList, Wrongdoing.Body("<html>"));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        fixture.Snapshots.ShouldBe(1);
        fixture.Updates.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_state_that_trickles_in_is_read_to_its_end()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync();
        fixture.Standin.Misbehave(static request => request.IsStateWatch, Wrongdoing.Slow(
            string.Join('\n', Recording.Lines("watch-list.jsonl").Take(3)) + "\n"));
        fixture.Watch();
        await fixture.Eventually(() => fixture.Leases is not null);
        fixture.Updates[0]
            .ShouldBeOfType<LeaseUpdate.Snapshot>().Leases.ShouldBeEmpty("flannel had not annotated them yet");
        fixture.Source.Status.Revision.ShouldBe("246");
    }

    [Fact]
    public async Task A_watch_that_says_nothing_is_given_up()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(
            KubernetesFixture.Quick with { SilenceTimeout = TimeSpan.FromSeconds(1) },
            nodes: [SampleNodes.Of(Own), SampleNodes.Of(Ipv4("b", 2))]);
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        await fixture.IsWatching();
        fixture.Standin.MuteWatches();
        fixture.Nodes.Put(SampleNodes.Of(Ipv4("b", 3)));
        await fixture.ShouldSee(Ipv4("b", 3), Own);
        fixture.Snapshots.ShouldBe(1);
    }

    [Fact]
    public async Task A_request_that_is_not_answered_is_given_up()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(
            KubernetesFixture.Quick with
            {
                QueueTimeout = TimeSpan.FromSeconds(
                1),
                RequestTimeout = TimeSpan.FromSeconds(1)
            }, nodes: SampleNodes.Of(Own));
        fixture.Standin.Misbehave(static _ => true, Wrongdoing.Silence, times: 2);
        IOException exception = await Should.ThrowAsync<IOException>(() => fixture.Source.FindAsync("own", default));
        exception.Message.ShouldBe("has not answered for 1 s");
        fixture.Watch();
        await fixture.ShouldSee(Own);
    }

    [Fact]
    public async Task A_server_that_is_away_is_waited_for()
    {
        ApiServerStandin standin = await ApiServerStandin.StartAsync();
        standin.Nodes.Put(SampleNodes.Of(Own));
        int port = standin.Url.Port;
        await standin.DisposeAsync();
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(
            change: options => options with { ApiServer = $"http://127.0.0.1:{port}" });
        fixture.Watch();
        await fixture.Eventually(() => fixture.Source.Problems.Count == 1);
        fixture.Source.Problems[$"http://127.0.0.1:{port}"].ShouldBe($"cannot be reached: Connection refused");
        fixture.Source.Status.ShouldBe(StoreStatus.Initial);

        await using ApiServerStandin back = await ApiServerStandin.StartAsync(new() { Port = port });
        back.Nodes.Put(SampleNodes.Of(Own));
        await fixture.ShouldSee(Own);
        fixture.Source.Status.State.ShouldBe(StoreState.Connected);
        await back.DisposeAsync();
        await fixture.Eventually(() => fixture.Source.Status.State == StoreState.Disconnected);
        fixture.Leases.ShouldBe([Own]);

        // One an outage. A request that breaks off and a connection that is refused are one cause, whichever comes
        // first.
        fixture.Logger.Warnings.Count(static line => line.Contains("stay in force")).ShouldBe(2);
    }
}
