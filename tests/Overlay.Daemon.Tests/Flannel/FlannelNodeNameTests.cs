using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.Daemon.Flannel;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Tests;

public sealed class FlannelNodeNameTests
{
    private static readonly KubernetesOptions _nowhere = new() { NodeName = "", Kubeconfig = "/nowhere/kubeconfig" };

    [Fact]
    public void The_variable_is_taken_without_a_question_and_without_any_there_is_no_name()
    {
        FlannelNodeName.Find(
            new Dictionary<string, string> { ["NODE_NAME"] = "worker-1", ["POD_NAME"] = "x", ["POD_NAMESPACE"] = "y" }, _nowhere)
            .ShouldBe("worker-1");
        FlannelNodeName.Find(new Dictionary<string, string> { ["POD_NAME"] = "x" }, _nowhere).ShouldBeNull();
        FlannelNodeName.Find(new Dictionary<string, string>(), _nowhere).ShouldBeNull();
    }

    [Fact]
    public void A_kubeconfig_that_cannot_be_used_is_a_fault_of_the_configuration()
    {
        Dictionary<string, string> pod = new() { ["POD_NAME"] = "x", ["POD_NAMESPACE"] = "y" };
        Should.Throw<ConfigurationException>(() => FlannelNodeName.Find(pod, _nowhere)).Message
            .ShouldContain("/nowhere/kubeconfig");
    }
}
