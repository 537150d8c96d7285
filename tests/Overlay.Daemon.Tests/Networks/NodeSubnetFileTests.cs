using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class NodeSubnetFileTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    [Fact]
    public void It_reads_as_flannel_writes_it()
    {
        OverlayOptions options = TestOptions.With(
            ("Network:CidrV6", "fd00:10:244::/56"), ("Subnet", "10.244.13.0/24"), ("SubnetV6", "fd00:10:244:3e::/64"));
        NodeSubnetFile.Of(options, 1450).Format().ShouldBe("""
            FLANNEL_NETWORK=10.244.0.0/16
            FLANNEL_SUBNET=10.244.13.1/24
            FLANNEL_IPV6_NETWORK=fd00:10:244::/56
            FLANNEL_IPV6_SUBNET=fd00:10:244:3e::1/64
            FLANNEL_MTU=1450
            FLANNEL_IPMASQ=true

            """);
    }

    [Fact]
    public void A_family_without_pods_has_no_lines()
    {
        string text = NodeSubnetFile.Of(TestOptions.With(("IpMasq", "false")), 1400).Format();
        text.ShouldBe(
            "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1400\nFLANNEL_IPMASQ=false\n");
    }

    [Theory]
    [InlineData("FLANNEL_SUBNET=10.244.13.1/24\nFLANNEL_IPV6_SUBNET=fd00:10:244:3e::1/64\n", "10.244.13.0/24",
        "fd00:10:244:3e::/64")]
    [InlineData("FLANNEL_SUBNET='10.244.13.1/24'", "10.244.13.0/24", null)]
    [InlineData("FLANNEL_SUBNET=nonsense\nFLANNEL_IPV6_SUBNET=fd00:10:244:3e::1/64", null, "fd00:10:244:3e::/64")]
    [InlineData("FLANNEL_SUBNET=", null, null)]
    public void The_pod_CIDRs_of_an_earlier_run_are_found(string content, string? ipv4, string? ipv6)
    {
        File.WriteAllText(_directory["read.env"], content);
        PodCidrs? expected = ipv4 is null && ipv6 is null ? null
            : new(ipv4 is null ? null : IpPrefix.Parse(ipv4), ipv6 is null ? null : IpPrefix.Parse(ipv6));
        NodeSubnetFile.Find(_directory["read.env"]).ShouldBe(expected);
    }

    [Fact]
    public void Where_there_is_none_there_is_no_trace_of_a_run() =>
        NodeSubnetFile.Find(_directory["none"]).ShouldBeNull();

    public void Dispose() => _directory.Dispose();
}
