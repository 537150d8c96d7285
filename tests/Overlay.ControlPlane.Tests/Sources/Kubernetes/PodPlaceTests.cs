using Overlay.ControlPlane.Sources.Kubernetes;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.Testing.Kubernetes;

namespace Overlay.ControlPlane.Tests;

public sealed class PodPlaceTests
{
    [Fact]
    public async Task The_server_tells_the_node_of_a_pod_and_a_pod_that_it_does_not_know_is_an_error()
    {
        await using ApiServerStandin server = await ApiServerStandin.StartAsync();
        server.Pods = new Dictionary<string, string> { ["kube-flannel/kube-flannel-ds-x7"] = "ip-10-0-0-1.example" };
        KubernetesOptions options = new() { NodeName = "", ApiServer = server.Url.ToString() };
        (await PodPlace.FindNodeAsync(options, "kube-flannel", "kube-flannel-ds-x7", default))
            .ShouldBe("ip-10-0-0-1.example");
        (await Should.ThrowAsync<IOException>(
            () => PodPlace.FindNodeAsync(options, "kube-flannel", "other", default)))
            .Message.ShouldBe("knows no pod kube-flannel/other");
        server.Tokens = ["another"];
        (await Should.ThrowAsync<IOException>(
            () => PodPlace.FindNodeAsync(options, "kube-flannel", "kube-flannel-ds-x7", default)))
            .Message.ShouldStartWith("answers 401");
    }
}
