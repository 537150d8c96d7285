using Overlay.ControlPlane.Leases;
using Overlay.Testing.Kubernetes;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

/// <summary>Settings and pod CIDRs that the cluster gives this node.</summary>
public class KubernetesPodCidrTests
{
    private static readonly PodCidrRequest _request = new("own", null, null, new(null, null), null);

    [Fact]
    public async Task Settings_are_an_operators_annotations_and_the_node_is_waited_for()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync();
        Task<NodeSettings> settings = fixture.Source.ReadSettingsAsync("own", default);
        await fixture.Eventually(() => fixture.Logger.Warnings.Count > 0);
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("Node own is waited for to be in the cluster");
        settings.IsCompleted.ShouldBeFalse();

        fixture.Nodes.Put(SampleNodes.Bare(Own)
            .With(SampleNodes.Keys.NodePublicIp, "203.0.113.7").With(SampleNodes.Keys.NodePublicIpV6, "2001:db8::7"));
        (await settings.WaitAsync(TimeSpan.FromSeconds(30)))
            .ShouldBe(new NodeSettings(null, Address("203.0.113.7"), Address("2001:db8::7")));
        fixture.Standin.Requests.ShouldHaveSingleItem().Path.ShouldContain("fieldSelector=metadata.name%3Down");

        fixture.Nodes.Annotate("own", SampleNodes.Keys.NodePublicIp, "nonsense");
        InvalidDataException exception =
            await Should.ThrowAsync<InvalidDataException>(() => fixture.Source.ReadSettingsAsync("own", default));
        exception.Message.ShouldContain(
            "Node own: annotation flannel.alpha.coreos.com/node-public-ip is \"nonsense\", not an IPv4 address such as");
    }

    [Fact]
    public async Task A_pod_CIDR_is_waited_for_by_a_watch_of_that_node_alone()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: NodeJson.Of("own"));
        Task<PodCidrs> acquired = fixture.Source.AcquireAsync(_request, default);
        await fixture.IsWatching();
        fixture.Nodes.Put(SampleNodes.Of(Ipv4("b", 2)));
        fixture.Nodes.Heartbeat("own");
        await fixture.Eventually(() => fixture.Logger.Warnings.Count > 0);
        fixture.Nodes.Put(SampleNodes.Bare(OwnDual));

        (await acquired.WaitAsync(TimeSpan.FromSeconds(30))).ShouldBe(new PodCidrs(OwnDual.Subnet, OwnDual.SubnetV6));
        fixture.Standin.Requests.Count.ShouldBe(1);
        fixture.Logger.Warnings.ShouldHaveSingleItem()
            .ShouldContain("to be given a pod CIDR; kube-controller-manager does so");
    }

    [Theory]
    [InlineData("10.244.1.0/24", null, null)]
    [InlineData(
        "10.244.9.0/24", null,
        "Overlay:Subnet is 10.244.9.0/24, but Kubernetes has given Node own the pod CIDR 10.244.1.0/24; leave the key "
        + "empty")]
    [InlineData(null, "fd00:10:244:1::/64",
        "Overlay:SubnetV6 is fd00:10:244:1::/64, but Kubernetes has given Node own no pod CIDR of that family")]
    public async Task A_configured_pod_CIDR_must_be_the_nodes(string? configured, string? configuredV6, string? message)
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(Own));
        Task<PodCidrs> acquire = fixture.Source.AcquireAsync(
            _request with
            {
                Configured = new(configured is null
                ? null
                : Prefix(configured), configuredV6 is null ? null : Prefix(configuredV6))
            }, default);
        if (message is null) (await acquire).ShouldBe(new PodCidrs(Own.Subnet, null));
        else (await Should.ThrowAsync<InvalidDataException>(() => acquire)).Message.ShouldContain(message);
    }

    [Fact]
    public async Task A_wait_says_why_the_server_does_not_answer()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(Own));
        fixture.Standin.Misbehave(static _ => true, Wrongdoing.Status(
            403, "Forbidden", "nodes is forbidden: User \"system:anonymous\" cannot list resource"), times: 3);
        (await fixture.Source.AcquireAsync(_request, default)).Ipv4.ShouldBe(Own.Subnet);
        fixture.Logger.Warnings.ShouldHaveSingleItem().ShouldContain("ClusterRole needs");
    }

    [Fact]
    public async Task Other_pod_CIDRs_than_those_published_are_told()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(OwnDual));
        fixture.Watch();

        // Of the Node's two families this node carries one.
        await fixture.Source.PublishAsync(Own, default);
        fixture.Nodes.Annotate("own", SampleNodes.Keys.PublicIpOverwrite, "203.0.113.7");
        await fixture.Eventually(() => fixture.Nodes.Annotation("own", SampleNodes.Keys.PublicIp) == "203.0.113.7");
        await fixture.UpToDate();
        fixture.Reassigned.ShouldBeEmpty();

        _ = fixture.Nodes.Delete("own");
        fixture.Nodes.Put(NodeJson.Of("own"));
        fixture.Nodes.Put(SampleNodes.Bare(Ipv4("own", 7)));
        await fixture.Eventually(() => fixture.Reassigned.Count > 0);
        fixture.Nodes.Heartbeat("own");
        await fixture.UpToDate();
        fixture.Reassigned.ShouldHaveSingleItem().ShouldBe(new PodCidrs(Prefix("10.244.7.0/24"), null));
    }

    [Fact]
    public async Task A_node_that_is_made_again_is_told_its_other_pod_CIDRs_and_written_with_them()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(OwnDual));
        fixture.Watch();
        await fixture.Source.PublishAsync(OwnDual, default);
        await fixture.Source.ReportReadyAsync("own", default);
        await fixture.UpToDate();

        // kubelet registers the Node, the controller manager gives it the next pod CIDRs.
        _ = fixture.Nodes.Delete("own");
        fixture.Nodes.Put(NodeJson.Of("own"));
        await fixture.Eventually(() => fixture.Reassigned.Count > 0);
        PodCidrs given = fixture.Reassigned.ShouldHaveSingleItem();
        given.ShouldBe(new PodCidrs(Prefix("10.244.2.0/24"), Prefix("fd00:10:244:2::/64")));
        Lease moved = OwnDual with { Subnet = given.Ipv4, SubnetV6 = given.Ipv6 };
        await fixture.Source.PublishAsync(moved, default);
        await fixture.ShouldSee(moved);
        fixture.Nodes.Condition("own", "NetworkUnavailable")!["status"]!.GetValue<string>().ShouldBe("False");
        await fixture.UpToDate();
        fixture.Reassigned.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Pod_CIDRs_that_the_node_cannot_take_are_told_once_however_often_it_publishes_and_so_is_their_end()
    {
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(Own));
        fixture.Watch();
        await fixture.Source.PublishAsync(Own, default);
        await SetPodCidr(Ipv4("own", 7));
        await fixture.Eventually(() => fixture.Reassigned.Count > 0);
        for (int i = 0; i < 5; i++)
        {
            await fixture.Source.PublishAsync(Own with { PublicIp = Address($"192.168.77.{100 + i}") }, default);
            await fixture.UpToDate();
        }

        await SetPodCidr(Own);
        await fixture.Eventually(() => fixture.Reassigned.Count > 1);
        fixture.Reassigned.Select(static podCidrs => podCidrs.Ipv4).ShouldBe([Prefix("10.244.7.0/24"), Own.Subnet]);

        Task SetPodCidr(Lease lease)
        {
            _ = fixture.Nodes.Delete("own");
            fixture.Nodes.Put(SampleNodes.Bare(lease));
            return fixture.UpToDate();
        }
    }

    [Fact]
    public async Task A_start_from_saved_state_that_publishes_old_pod_CIDRs_is_told_too()
    {
        await using KubernetesFixture fixture =
            await KubernetesFixture.StartAsync(nodes: SampleNodes.Bare(Ipv4("own", 7)));
        fixture.Watch();
        await fixture.IsWatching();
        await fixture.Source.PublishAsync(Own, default);
        await fixture.Eventually(() => fixture.Reassigned.Count > 0);
    }
}
