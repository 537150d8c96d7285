using System.Net;
using System.Net.Sockets;
using Overlay.ControlPlane.Leases;
using Overlay.Testing.Kubernetes;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

/// <summary>API servers that come back, and watches that are granted and then refused.</summary>
public class KubernetesRestartTests
{
    private const string LeaderChanged =
        """{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcdserver: leader changed"}}""" + "\n";

    [Fact]
    public async Task A_server_is_followed_soon_after_it_is_back_however_long_it_was_away()
    {
        ApiServerStandin first = await ApiServerStandin.StartAsync();
        first.Nodes.Put(SampleNodes.Of(Own));
        int port = first.Url.Port;
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(
            KubernetesFixture.Quick with { LongestBackoff = TimeSpan.FromMinutes(10) },
            change: options => options with { ApiServer = $"http://127.0.0.1:{port}" });
        fixture.Watch();
        await fixture.ShouldSee(Own);
        await fixture.Eventually(() => first.Watches == 1);
        await first.DisposeAsync();
        await RefuseAsync(port, tries: 15);
        fixture.Source.Status.State.ShouldBe(StoreState.Disconnected);

        await using ApiServerStandin back =
            await ApiServerStandin.StartAsync(new() { Port = port, Nodes = first.Nodes });
        back.Nodes.Put(SampleNodes.Of(Ipv4("b", 2)));
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        back.Requests[0].ShouldSatisfyAllConditions(
            request => request.IsWatch.ShouldBeTrue(), request => request.IsStateWatch.ShouldBeFalse());
        back.Requests.Count.ShouldBe(2, "the watch from before, which is refused, and the state");
        fixture.Source.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_watch_that_is_granted_and_then_refused_again_and_again_is_one_warning_and_no_connection()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own);
        fixture.Watch();
        await fixture.ShouldSee(Own);
        await fixture.IsWatching();
        fixture.Standin.Misbehave(static request => request.IsWatch, Wrongdoing.Body(LeaderChanged), times: 6);
        await fixture.Standin.EndWatchesAsync();
        await fixture.Eventually(() => fixture.Source.Status.State == StoreState.Disconnected);
        int requests = fixture.Standin.Requests.Count;
        await fixture.Eventually(() => fixture.Standin.Requests.Count > requests + 2);
        fixture.Source.Status.State.ShouldBe(StoreState.Disconnected);

        await fixture.IsWatching();
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("etcdserver: leader changed");
        fixture.Logger.Of(Microsoft.Extensions.Logging.LogLevel.Information)
            .Count(static line => line.Contains("answers again")).ShouldBe(1);
    }

    [Fact]
    public async Task The_recorded_rollout_gives_the_recorded_nodes()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync();
        fixture.Standin.Misbehave(static request => request.IsStateWatch, Wrongdoing.Slow(
            Recording.Text("nodes-watch-scenario.jsonl")));
        fixture.Watch();
        await fixture.Eventually(() => fixture.Source.Status.Revision == "6169");
        fixture.Leases!
            .Select(static lease => (lease.Node, $"{lease.Subnet} {lease.SubnetV6} {lease.BackendData!.Mac}")).ShouldBe(
            [
                ("node-a", "10.244.0.0/24 fd00:10:244::/64 7e:36:46:b7:e9:1d"),
                ("node-b", "10.244.1.0/24 fd00:10:244:1::/64 22:c8:8c:94:31:fd"),
            ]);
        fixture.Source.Problems.ShouldBeEmpty();
    }

    // As a balancer without servers does, and counted.
    private static async Task RefuseAsync(int port, int tries)
    {
        using TcpListener listener = new(IPAddress.Loopback, port);
        listener.Start();
        for (int i = 0; i < tries; i++)
        {
            using Socket refused = await listener.AcceptSocketAsync().WaitAsync(TimeSpan.FromSeconds(30));
            refused.Close(timeout: 0);
        }
    }
}
