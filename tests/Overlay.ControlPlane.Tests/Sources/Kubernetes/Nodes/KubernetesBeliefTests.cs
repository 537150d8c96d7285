using Microsoft.Extensions.Logging;
using Overlay.Testing.Kubernetes;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

/// <summary>Lists and Nodes that are not believed.</summary>
public class KubernetesBeliefTests
{
    [Fact]
    public async Task A_list_without_any_node_is_not_believed()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        const string Empty = """{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"300"},"items":[]}""";
        fixture.Standin.Misbehave(static request => request.IsList, Wrongdoing.Body(Empty), times: 3);
        fixture.Standin.IsStateWatchRefused = true;
        fixture.Nodes.Compact();
        await fixture.IsWatching();
        await fixture.Standin.SendAsync(Recording.Body("watch-too-old.http") + "\n");

        await fixture.Eventually(() => fixture.Source.Problems.ContainsKey("nodes"));
        fixture.Leases.ShouldBe([Ipv4("b", 2), Own]);
        await fixture.Eventually(() => fixture.Source.Problems.Count == 0);
        fixture.Leases.ShouldBe([Ipv4("b", 2), Own]);
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("none at all");
    }

    [Fact]
    public async Task What_the_last_run_knew_is_protected_from_an_empty_answer_and_from_damage()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync();
        fixture.Watch(Ipv4("b", 2), Ipv4("c", 3));
        await fixture.Eventually(() => fixture.Source.Problems.ContainsKey("nodes"));
        fixture.Updates.ShouldBeEmpty();

        fixture.Nodes.Put(SampleNodes.Of(Ipv4("b", 2)).With(SampleNodes.Keys.PublicIp, "nonsense"));
        await fixture.ShouldSee(Ipv4("b", 2));
        fixture.Source.Problems.ShouldHaveSingleItem().Key.ShouldBe("nodes/b");
    }

    [Fact]
    public async Task A_node_whose_two_problems_take_turns_is_logged_once_each()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        for (int i = 0; i < 4; i++)
        {
            fixture.Nodes.Annotate("b", SampleNodes.Keys.BackendData, i % 2 == 0 ? "garbage" : "rubbish");
            await fixture.UpToDate();
        }

        await fixture.Eventually(() => fixture.Source.Problems.GetValueOrDefault("nodes/b")?.Contains("rubbish") == true);
        fixture.Logger.Warnings.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_bad_node_keeps_its_last_good_lease_and_is_said_once()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Own);
        fixture.Nodes.Annotate("b", SampleNodes.Keys.BackendData, "garbage");
        await fixture.Eventually(() => fixture.Source.Problems.ContainsKey("nodes/b"));
        for (int i = 0; i < 5; i++) fixture.Nodes.Heartbeat("b");
        await fixture.UpToDate();
        fixture.Leases.ShouldBe([Ipv4("b", 2), Own]);
        fixture.Logger.Warnings.ShouldHaveSingleItem()
            .ShouldContain("Node b is not taken: annotation flannel.alpha.coreos.com/backend-data is garbage");

        fixture.Nodes.Put(SampleNodes.Of(Ipv4("b", 3)));
        await fixture.ShouldSee(Ipv4("b", 3), Own);
        fixture.Source.Problems.ShouldBeEmpty();
        fixture.Logger.Of(LogLevel.Information).ShouldContain("Node b is sound again");
    }

    [Fact]
    public async Task A_node_that_loses_its_annotations_keeps_its_lease_until_it_is_gone_or_made_anew()
    {
        await using KubernetesFixture fixture =
            await KubernetesFixture.StartWithAsync(Own, Ipv4("b", 2), Ipv4("c", 3), Ipv4("d", 4));
        fixture.Watch();
        await fixture.ShouldSee(Ipv4("b", 2), Ipv4("c", 3), Ipv4("d", 4), Own);
        fixture.Nodes.Put(SampleNodes.Bare(Ipv4("b", 2)));
        fixture.Nodes.Put(SampleNodes.Bare(Ipv4("c", 3)));
        await fixture.Eventually(() => fixture.Source.Problems.Count == 2);
        fixture.Leases.ShouldBe([Ipv4("b", 2), Ipv4("c", 3), Ipv4("d", 4), Own]);

        _ = fixture.Nodes.Delete("b");
        fixture.Nodes.Annotate("d", SampleNodes.Keys.Managed, "false");
        await fixture.ShouldSee(Ipv4("c", 3), Own);

        // While nobody looked, so that only the uid tells.
        fixture.Nodes.Put(SampleNodes.Of(Ipv4("c", 3)));
        await fixture.UpToDate();
        fixture.Standin.Misbehave(static request => request.Path.Contains("watch=1&resourceVersion",
            StringComparison.Ordinal), Wrongdoing.Body(Recording.Body("watch-too-old.http")));
        await fixture.Standin.EndWatchesAsync();
        _ = fixture.Nodes.Delete("c");
        fixture.Nodes.Put(SampleNodes.Bare(Ipv4("c", 3)));
        await fixture.ShouldSee(Own);
        fixture.Source.Problems.ShouldBeEmpty();
    }
}
