using Overlay.ControlPlane.Sources.Kubernetes;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

public class AnnotationKeysTests
{
    [Theory]
    [InlineData("flannel.alpha.coreos.com", "flannel.alpha.coreos.com/public-ip")]
    [InlineData("flannel.alpha.coreos.com/", "flannel.alpha.coreos.com/public-ip")]
    [InlineData("example.com/blue", "example.com/blue-public-ip")]
    [InlineData("example.com/blue-", "example.com/blue-public-ip")]
    [InlineData("example.com/1_2-3", "example.com/1_2-3-public-ip")]
    public void A_prefix_is_taken_as_flannel_takes_it(string prefix, string key)
    {
        AnnotationKeys.TryParse(prefix, out AnnotationKeys? keys).ShouldBeTrue();
        keys!.PublicIp.ShouldBe(key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("example")]
    [InlineData("example/blue")]
    [InlineData("example.com//")]
    [InlineData("example.com/a/b")]
    [InlineData("example.com/Blue")]
    [InlineData("Example.com")]
    [InlineData("example.com/blue\n")]
    public void A_prefix_that_Kubernetes_would_not_take_is_refused(string prefix) =>
        AnnotationKeys.TryParse(prefix, out _).ShouldBeFalse();

    [Fact]
    public void The_source_says_which_option_is_wrong()
    {
        InvalidDataException prefix = Should.Throw<InvalidDataException>(
            () => new KubernetesLeaseSource(new()
            {
                NodeName = "a",
                ApiServer = "http://127.0.0.1:1",
                AnnotationPrefix = "x"
            }, new CollectingLogger<KubernetesLeaseSource>()));
        prefix.Message.ShouldContain("AnnotationPrefix is \"x\", not a prefix such as flannel.alpha.coreos.com");
        InvalidDataException name = Should.Throw<InvalidDataException>(
            () => new KubernetesLeaseSource(new() { NodeName = "../a", ApiServer = "http://127.0.0.1:1" },
                new CollectingLogger<KubernetesLeaseSource>()));
        name.Message.ShouldContain("Overlay:NodeName is \"../a\"");
    }
}
