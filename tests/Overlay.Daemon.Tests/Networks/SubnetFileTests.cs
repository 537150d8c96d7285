using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class SubnetFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("overlay-").FullName;

    [Fact]
    public void It_reads_as_flannel_writes_it()
    {
        OverlayOptions options = TestOptions.With(
            ("Network:CidrV6", "fd00:10:244::/56"), ("Subnet", "10.244.13.0/24"), ("SubnetV6", "fd00:10:244:3e::/64"));
        SubnetFile.Format(options, 1450).ShouldBe("""
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
        string text = SubnetFile.Format(TestOptions.With(("IpMasq", "false")), 1400);
        text.ShouldBe("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1400\nFLANNEL_IPMASQ=false\n");
    }

    [Fact]
    public void It_is_replaced_whole_and_readable_by_all()
    {
        string path = Path.Combine(_directory, "deep", "subnet.env");
        OverlayOptions options = TestOptions.With(("SubnetFile", path));
        SubnetFile.Write(options, 1450);
        SubnetFile.Write(options, 1400);
        File.ReadAllText(path).ShouldContain("FLANNEL_MTU=1400\n");
        File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Directory.GetFiles(Path.GetDirectoryName(path)!).ShouldBe([path]);
    }

    [Theory]
    [InlineData("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.13.1/24\nFLANNEL_MTU=1450\n", "10.244.13.0/24", null)]
    [InlineData("FLANNEL_SUBNET=10.244.13.1/24\nFLANNEL_IPV6_SUBNET=fd00:10:244:3e::1/64\n", "10.244.13.0/24", "fd00:10:244:3e::/64")]
    [InlineData("# mine\n\n export FLANNEL_SUBNET = \"10.244.13.1/24\"\r\n", "10.244.13.0/24", null)]
    [InlineData("FLANNEL_SUBNET='10.244.13.1/24'", "10.244.13.0/24", null)]
    [InlineData("FLANNEL_SUBNET=nonsense\nFLANNEL_IPV6_SUBNET=fd00:10:244:3e::1/64", null, "fd00:10:244:3e::/64")]
    [InlineData("FLANNEL_SUBNET=10.244.13.1/33", null, null)]
    [InlineData("FLANNEL_SUBNET=10.244.13.1/24,10.244.14.1/24", null, null)]
    [InlineData("FLANNEL_SUBNET=", null, null)]
    [InlineData("\0\u0001garbage", null, null)]
    [InlineData("", null, null)]
    public void It_is_read_as_tolerantly_as_flannel_reads_it(string content, string? ipv4, string? ipv6)
    {
        string path = Path.Combine(_directory, "read.env");
        File.WriteAllText(path, content);
        PodCidrs? expected = ipv4 is null && ipv6 is null ? null
            : new(ipv4 is null ? null : IpPrefix.Parse(ipv4), ipv6 is null ? null : IpPrefix.Parse(ipv6));
        SubnetFile.Read(path).ShouldBe(expected);
    }

    [Fact]
    public void Where_there_is_none_there_is_no_trace_of_a_run() => SubnetFile.Read(Path.Combine(_directory, "none")).ShouldBeNull();

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
