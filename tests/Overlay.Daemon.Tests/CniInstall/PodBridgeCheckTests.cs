using Overlay.Daemon.CniInstall;
using Overlay.Daemon.Options;
using Overlay.Testing;

namespace Overlay.Daemon.Tests;

public sealed class PodBridgeCheckTests : IDisposable
{
    private readonly TwoNodes _nodes = new();
    private readonly TempDirectory _allocations = new();
    private readonly OverlayOptions _options = TestOptions.With(TestOptions.DualStack);

    public void Dispose()
    {
        _nodes.Dispose();
        _allocations.Dispose();
    }

    [Fact]
    public void A_bridge_with_the_nodes_own_addresses_or_none_at_all_is_well()
    {
        Look().Problems.ShouldBeEmpty();
        Look().Warnings.ShouldBeEmpty();
        _nodes.A.Ip("link delete cni0");
        Look().Problems.ShouldBeEmpty();
        Look().Warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("10.244.7.1/24", "10.244.7.9")]
    [InlineData("fd00:10:244:7::1/64", "fd00:10:244:7::9")]
    public void An_address_of_a_former_pod_CIDR_is_a_warning_that_says_whether_it_has_pods(string address, string pod)
    {
        _nodes.A.Ip($"address add {address} dev cni0");
        Look().Problems.ShouldBeEmpty();
        Look().Warnings.ShouldHaveSingleItem().ShouldEndWith(
            $"the next pod takes it away, or: ip address delete {address} dev cni0");

        _ = Directory.CreateDirectory(_allocations["cbr0"]);
        File.WriteAllText(_allocations[$"cbr0/{pod}"], "a1b2\r\neth0");
        Look().Warnings.ShouldHaveSingleItem().ShouldContain("kubectl delete pod");
    }

    [Fact]
    public void An_address_of_no_cluster_network_is_a_problem_with_the_command_that_removes_it()
    {
        _nodes.A.Ip("address add 10.9.9.1/24 dev cni0", "address add fd99::1/64 dev cni0");
        Look().Warnings.ShouldBeEmpty();
        Look().Problems.ShouldHaveSingleItem().ShouldContain("ip address delete 10.9.9.1/24 dev cni0");
    }

    private PodBridgeCheck.Finding Look() =>
        _nodes.A.Invoke(() => new PodBridgeCheck("cni0", _allocations.Path).Look(_options));
}
