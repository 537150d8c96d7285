using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>In flannel's own DaemonSet, which names the pod to its program and not the Node.</summary>
public class FlannelPodTests
{
    private const string Pod = "kube-flannel-ds-x7";

    [Fact]
    public async Task The_node_is_the_one_that_the_api_server_says_the_pod_is_on()
    {
        await using KubernetesCluster cluster = await KubernetesCluster.StartAsync(
            new LabOptions { Name = "flannelpod", Nodes = 1, PodsPerNode = 0 });
        Node a = cluster["a"];
        cluster.Register(a);
        BackgroundProcess daemon = a.Start(
            "env", StartEnvironment.DotnetRoot, $"POD_NAME={Pod}", "POD_NAMESPACE=kube-flannel",
            $"OVERLAY_Admin__Socket={a.Socket}", ProductBinary.Find("overlayd"), "flannel", "-kube-subnet-mgr",
            $"-kubeconfig-file={Path.Combine(a.Directory, "kubeconfig")}",
            $"-net-config-path={Path.Combine(a.Directory, "net-conf.json")}", "-iface=eth0",
            $"-subnet-file={a.SubnetFile}");

        // Before the server knows the pod it is asked again, and the reason is said.
        daemon.WaitForLog(
            $"the API server is asked again for the node of pod kube-flannel/{Pod}, which NODE_NAME would save: it "
            + $"knows no pod kube-flannel/{Pod}");
        cluster.Pods = new Dictionary<string, string> { [$"kube-flannel/{Pod}"] = "a" };
        Waiting.For(() => File.Exists(a.SubnetFile), 30);
        Cluster.Report(a, "status").GetProperty("node").GetString().ShouldBe("a");
        cluster.Annotations("a").ShouldContainKey("flannel.alpha.coreos.com/public-ip");
        daemon.Stop().ShouldBe(0);
    }
}
