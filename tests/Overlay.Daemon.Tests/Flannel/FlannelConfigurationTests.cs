using Overlay.Daemon.Flannel;
using Overlay.Daemon.Options;
using Overlay.Host.Netlink;
using Overlay.Lab.Topology;

namespace Overlay.Daemon.Tests;

/// <summary>Flags of flanneld as keys of ours, and the interface that they mean on a host.</summary>
public sealed class FlannelConfigurationTests : IDisposable
{
    private readonly LabNetwork _lab =
        LabNetwork.Create(new LabOptions { Name = "flags", Nodes = 1, PodsPerNode = 0 });

    private Node Node => _lab.Nodes[0];

    [Fact]
    public void Every_key_that_a_flag_sets_is_one_of_ours()
    {
        string[] known = [.. ConfigurationKeys.All.Select(static key => key.Path)];
        FlannelFlags.Keys.Values.ShouldBeSubsetOf(known);
        FlannelFlags.All.ShouldBeUnique();
        FlannelFlags.Fixed.Keys.ShouldBeSubsetOf(FlannelFlags.Switches);
        Keys("-kube-subnet-mgr", "-healthz-port=8081").Keys.ShouldBeSubsetOf(known);
    }

    [Fact]
    public void Without_flags_it_is_etcd_by_flannels_defaults()
    {
        Dictionary<string, string?> keys = Keys();
        keys["Overlay:ControlPlane:Kind"].ShouldBe("Etcd");
        keys["Overlay:ControlPlane:Etcd:Endpoints:0"].ShouldBe("http://127.0.0.1:4001");
        keys["Overlay:ControlPlane:Etcd:Endpoints:1"].ShouldBe("http://127.0.0.1:2379");
        keys["Overlay:IpMasq"].ShouldBe("false");
        keys["Overlay:KeepAtStop"].ShouldBe("true");
        keys["Overlay:StateDirectory"].ShouldBe("/run/flannel/overlay");
        keys.ShouldNotContainKey("Overlay:Admin:Http");
        OverlayOptions options = OverlayOptionsReader.Read(ConfigurationLoader.Load(keys, "flags"));
        options.ControlPlane.Kind.ShouldBe(ControlPlaneKind.Etcd);
        options.ControlPlane.Etcd.Prefix.ShouldBe("/coreos.com/network");
    }

    [Fact]
    public void Those_of_kube_flannels_manifest_lead_to_its_files()
    {
        Dictionary<string, string?> keys = Keys(
            ["--ip-masq", "--kube-subnet-mgr"], new() { ["EVENT_QUEUE_DEPTH"] = "5000" });
        keys["Overlay:ControlPlane:Kind"].ShouldBe("Kubernetes");
        keys["Overlay:ControlPlane:Kubernetes:NetConf"].ShouldBe("/etc/kube-flannel/net-conf.json");
        keys["Overlay:IpMasq"].ShouldBe("true");
    }

    [Theory]
    [InlineData("eth0", "-iface=eth0")]
    [InlineData("eth0", "-iface=wlan7", "-iface=eth0")]
    [InlineData("192.168.77.1", "-iface=192.168.77.1")]
    [InlineData("eth0", "-iface-regex=^192\\.168\\.")]
    [InlineData("eth0", "-iface-regex=wlan.*", "-iface-regex=^eth")]
    [InlineData("eth0", "-iface-can-reach=192.168.77.99")]
    [InlineData("wlan7", "-iface=wlan7")]
    [InlineData(null)]
    public void The_interface_is_the_first_that_matches(string? name, params string[] arguments) =>
        Keys(arguments).GetValueOrDefault("Overlay:Interface").ShouldBe(name);

    [Theory]
    [InlineData("0.0.0.0:8081", "-healthz-port=8081")]
    [InlineData("127.0.0.1:8081", "-healthz-ip=127.0.0.1", "-healthz-port=8081")]
    [InlineData("[::]:8081", "-healthz-ip=::", "-healthz-port=8081")]
    public void Health_is_served_where_the_flags_say(string address, params string[] arguments) =>
        Keys(arguments)["Overlay:Admin:Http"].ShouldBe(address);

    [Fact]
    public void Flags_that_are_not_honoured_are_named()
    {
        FlannelConfiguration.Unhonoured(Flags("-iptables-forward-rules=false", "-set-node-network-unavailable"))
            .ShouldBe(["-iptables-forward-rules=false changes nothing: overlayd acts as by true"]);
        Should.Throw<IOException>(() => Keys("-iface-regex=^wlan", "-iface-regex=^wwan")).Message
            .ShouldBe("no interface of this host matches -iface-regex '^wlan': ip address show");
        Should.Throw<ConfigurationException>(() => Keys("-iface-regex=(")).Message.ShouldContain("is no pattern");
        Should.Throw<ConfigurationException>(() => Keys("-iface-can-reach=x")).Message.ShouldContain("is no IP address");
    }

    public void Dispose() => _lab.Dispose();

    private Dictionary<string, string?> Keys(params string[] arguments) => Keys(arguments, []);

    private Dictionary<string, string?> Keys(string[] arguments, Dictionary<string, string> variables) =>
        Node.Invoke(() =>
        {
            using RouteNetlink netlink = new();
            return FlannelConfiguration.Keys(new FlannelCommandLine(arguments, variables), netlink);
        });

    private static FlannelCommandLine Flags(params string[] arguments) => new(arguments, new Dictionary<string, string>());
}
