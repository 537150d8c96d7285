using Overlay.Daemon.Flannel;
using Overlay.Daemon.Options;

namespace Overlay.Daemon.Tests;

public sealed class FlannelCommandLineTests
{
    private static readonly Dictionary<string, string> _none = [];

    [Fact]
    public void Flags_are_read_as_go_reads_them()
    {
        FlannelCommandLine flags = new(
            ["-iface", "eth0", "--iface=eth1", "-ip-masq", "--kube-subnet-mgr=false", "-public-ip=192.0.2.1"], _none);
        flags.All("iface").ShouldBe(["eth0", "eth1"]);
        flags.Is("ip-masq", false).ShouldBeTrue();
        flags.Is("kube-subnet-mgr", true).ShouldBeFalse();
        flags["public-ip"].ShouldBe("192.0.2.1");
        flags["subnet-file"].ShouldBeNull();
        flags.Is("ip-blackhole-route", true).ShouldBeTrue();
    }

    [Fact]
    public void The_command_line_comes_before_the_variables()
    {
        Dictionary<string, string> variables = new()
        {
            ["FLANNELD_ETCD_PREFIX"] = "/env", ["FLANNELD_SUBNET_FILE"] = "/run/x.env", ["FLANNELD_IP_MASQ"] = "true",
            ["FLANNELD_IFACE"] = "eth2,eth3",
        };
        FlannelCommandLine flags = new(["-etcd-prefix=/line"], variables);
        flags["etcd-prefix"].ShouldBe("/line");
        flags["subnet-file"].ShouldBe("/run/x.env");
        flags.Is("ip-masq", false).ShouldBeTrue();
        flags.All("iface").ShouldBe(["eth2", "eth3"]);
    }

    [Theory]
    [InlineData("'-frobnicate' is no flag of flanneld", "-frobnicate")]
    [InlineData("'eth0' is no flag of flanneld", "-ip-masq", "eth0")]
    [InlineData("flag '-iface' has no value", "-iface")]
    [InlineData("flag -ip-masq 'maybe' is neither true nor false", "-ip-masq=maybe")]
    public void A_flag_that_is_none_is_refused_with_an_example(string fault, params string[] arguments)
    {
        string message = Should.Throw<ConfigurationException>(() => new FlannelCommandLine(arguments, _none)).Message;
        message.ShouldContain(fault);
        message.ShouldContain("; example: ");
    }
}
