using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Overlay.Testing.Kubernetes;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

/// <summary>Network policies, which are there and not enforced.</summary>
public class PolicyCheckTests
{
    [Fact]
    public async Task Policies_are_one_warning_while_there_are_any_and_problems_of_nobody()
    {
        await using KubernetesFixture fixture = await StartAsync();
        fixture.Standin.Policies = Policies;
        fixture.Watch();
        await fixture.Eventually(() => fixture.Source.Warnings.Count > 0);
        fixture.Source.Warnings.ShouldHaveSingleItem().ShouldStartWith(
            $"the cluster has NetworkPolicy objects, {NameOf(Policies[0])} for one, and this network enforces none");
        int looks = Looks(fixture);
        await fixture.Eventually(() => Looks(fixture) > looks + 2);
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldContain(NameOf(Policies[0]));
        fixture.Source.Problems.ShouldBeEmpty();

        fixture.Standin.Policies = [];
        await fixture.Eventually(() => fixture.Source.Warnings.Count == 0);
    }

    [Fact]
    public async Task A_daemon_without_the_right_to_list_them_says_nothing()
    {
        await using KubernetesFixture fixture = await StartAsync();
        fixture.Watch();
        await fixture.ShouldSee(Own);
        await fixture.Eventually(() => Looks(fixture) > 2);
        fixture.Source.Warnings.ShouldBeEmpty();
        fixture.Source.Problems.ShouldBeEmpty();
        fixture.Logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public async Task Policies_that_were_found_are_believed_while_the_server_fails()
    {
        await using KubernetesFixture fixture = await StartAsync();
        fixture.Standin.Policies = Policies;
        fixture.Watch();
        await fixture.Eventually(() => fixture.Source.Warnings.Count > 0);
        fixture.Standin.Misbehave(IsLook, Wrongdoing.Status(500, "InternalError", "on purpose"), times: 2);
        fixture.Standin.Misbehave(IsLook, Wrongdoing.Body("<html>"));
        fixture.Standin.Misbehave(IsLook, Wrongdoing.Torn("{\"kind\":\"NetworkPolicyList\",\"items\":["));
        int looks = Looks(fixture);
        await fixture.Eventually(() => Looks(fixture) > looks + 5);
        _ = fixture.Source.Warnings.ShouldHaveSingleItem();
        fixture.Source.Problems.ShouldBeEmpty();
        fixture.Logger.Of(LogLevel.Warning).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(401, "Unauthorized")]
    [InlineData(403, "Forbidden")]
    [InlineData(404, "NotFound")]
    public async Task A_refusal_proves_nothing_of_policies_that_were_found(int status, string reason)
    {
        await using KubernetesFixture fixture = await StartAsync();
        fixture.Standin.Policies = Policies;
        fixture.Watch();
        await fixture.Eventually(() => fixture.Source.Warnings.Count > 0);
        fixture.Standin.Misbehave(IsLook, Wrongdoing.Status(status, reason, "on purpose"), times: int.MaxValue);
        int looks = Looks(fixture);
        await fixture.Eventually(() => Looks(fixture) > looks + 2);
        _ = fixture.Source.Warnings.ShouldHaveSingleItem();
        fixture.Standin.Behave();
        fixture.Standin.Policies = [];
        await fixture.Eventually(() => fixture.Source.Warnings.Count == 0);
    }

    private static IReadOnlyList<JsonObject> Policies =>
        [.. Recording.Lines("policy/networkpolicies-watch-scenario.jsonl")
            .Select(static line => JsonNode.Parse(line)!).Where(static change => (string)change["type"]! == "ADDED")
            .Select(static change => change["object"]!.AsObject())];

    private static string NameOf(JsonObject policy) =>
        $"{policy["metadata"]!["namespace"]}/{policy["metadata"]!["name"]}";

    private static bool IsLook(SeenRequest request) =>
        request.Path.StartsWith("/apis/networking.k8s.io/v1/networkpolicies", StringComparison.Ordinal);

    private static int Looks(KubernetesFixture fixture) => fixture.Requests(IsLook).Count;

    private static Task<KubernetesFixture> StartAsync() => KubernetesFixture.StartAsync(
        KubernetesFixture.Quick with
        {
            FirstPolicyCheck = TimeSpan.FromMilliseconds(10),
            PolicyCheck = TimeSpan.FromMilliseconds(20),
        },
        nodes: SampleNodes.Of(Own));
}
