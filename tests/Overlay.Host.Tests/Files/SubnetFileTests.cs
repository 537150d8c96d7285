using Overlay.Host.Files;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Host.Tests.Files;

public sealed class SubnetFileTests : IDisposable
{
    private static readonly SubnetFile _dualStack = new(
        [IpPrefix.Parse("10.244.0.0/16"), IpPrefix.Parse("10.245.0.0/16"), IpPrefix.Parse("fd00:10:244::/56")],
        [IpPrefix.Parse("10.244.13.0/24"), IpPrefix.Parse("fd00:10:244:3e::/64")], 1450, IpMasq: true);

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void It_is_formatted_as_flannel_writes_it() => _dualStack.Format().ShouldBe("""
        FLANNEL_NETWORK=10.244.0.0/16,10.245.0.0/16
        FLANNEL_SUBNET=10.244.13.1/24
        FLANNEL_IPV6_NETWORK=fd00:10:244::/56
        FLANNEL_IPV6_SUBNET=fd00:10:244:3e::1/64
        FLANNEL_MTU=1450
        FLANNEL_IPMASQ=true

        """);

    [Fact]
    public void It_is_read_as_it_was_written()
    {
        string path = _directory["subnet.env"];
        _dualStack.Write(path);
        SubnetFile read = SubnetFile.Read(path);
        read.Networks.ShouldBe(_dualStack.Networks);
        read.PodCidrs.ShouldBe(_dualStack.PodCidrs);
        (read.Mtu, read.IpMasq).ShouldBe((1450u, true));
    }

    [Fact]
    public void It_is_replaced_whole_and_readable_by_all()
    {
        string path = _directory["deep/subnet.env"];
        _dualStack.Write(path);
        (_dualStack with { Mtu = 1400 }).Write(path);
        File.ReadAllText(path).ShouldContain("FLANNEL_MTU=1400\n");
        File.GetUnixFileMode(path)
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        Directory.GetFiles(_directory["deep"]).ShouldBe([path]);
    }

    [Theory]
    [InlineData("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.13.1/24\nFLANNEL_MTU=1450\n", "10.244.13.0/24")]
    [InlineData("FLANNEL_SUBNET=10.244.13.1/24\nFLANNEL_IPV6_SUBNET=fd00:10:244:3e::1/64\n",
        "10.244.13.0/24 fd00:10:244:3e::/64")]
    [InlineData("# mine\n\n export FLANNEL_SUBNET = \"10.244.13.1/24\"\r\n", "10.244.13.0/24")]
    [InlineData("FLANNEL_SUBNET='10.244.13.1/24'", "10.244.13.0/24")]
    [InlineData("FLANNEL_SUBNET=10.244.13.1/24\nFLANNEL_SUBNET=10.244.14.1/24", "10.244.14.0/24")]
    [InlineData("FLANNEL_SUBNET=nonsense\nFLANNEL_IPV6_SUBNET=fd00:10:244:3e::1/64", "fd00:10:244:3e::/64")]
    [InlineData("FLANNEL_SUBNET=fd00:10:244:3e::1/64", "")]
    [InlineData("FLANNEL_SUBNET=10.244.13.1/33", "")]
    [InlineData("FLANNEL_SUBNET=10.244.13.1/24,10.244.14.1/24", "")]
    [InlineData("FLANNEL_SUBNET=", "")]
    [InlineData("\0\u0001garbage", "")]
    [InlineData("", "")]
    public void Pod_CIDRs_are_found_as_tolerantly_as_flannel_finds_them(string content, string expected)
    {
        string path = _directory["read.env"];
        File.WriteAllText(path, content);
        string.Join(' ', SubnetFile.FindPodCidrs(path)).ShouldBe(expected);
    }

    [Fact]
    public void A_missing_file_has_no_pod_CIDRs() => SubnetFile.FindPodCidrs(_directory["none"]).ShouldBeEmpty();

    [Theory]
    [InlineData("FLANNEL_MTU=1450", "no usable FLANNEL_SUBNET or FLANNEL_IPV6_SUBNET: ''")]
    [InlineData("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24", "no usable FLANNEL_MTU: ''")]
    [InlineData("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=70000",
        "no usable FLANNEL_MTU: '70000'")]
    [InlineData("FLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450", "no usable FLANNEL_NETWORK: ''")]
    [InlineData("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=x\nFLANNEL_MTU=1450", "no usable FLANNEL_SUBNET: 'x'")]
    [InlineData("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=fd00::1/64\nFLANNEL_MTU=1450",
        "no usable FLANNEL_SUBNET: 'fd00::1/64'")]
    [InlineData("FLANNEL_NETWORK=fd00::/56\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450",
        "no usable FLANNEL_NETWORK: 'fd00::/56'")]
    public void A_file_that_is_not_complete_is_refused_by_its_first_bad_key(string content, string message)
    {
        string path = _directory["subnet.env"];
        File.WriteAllText(path, content);
        Should.Throw<FormatException>(() => SubnetFile.Read(path)).Message.ShouldBe($"{path} has {message}");
    }
}
