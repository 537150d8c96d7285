using Overlay.Daemon.Options;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public class OverlayOptionsReaderTests
{
    [Fact]
    public void What_is_not_given_has_its_documented_default()
    {
        OverlayOptions options = TestOptions.With();
        options.Interface.ShouldBe("");
        options.PublicIp.ShouldBeNull();
        options.Network.Vni.ShouldBe(new Vni(1));
        options.Network.Port.ShouldBe((ushort)8472);
        options.Network.Mtu.ShouldBe(0);
        options.Network.CidrV6.ShouldBeNull();
        options.ControlPlane.LeaseDirectory.ShouldBe("/var/lib/overlay/leases");
        options.SubnetFile.ShouldBe("/run/flannel/subnet.env");
        options.StateDirectory.ShouldBe("/var/lib/overlay");
        options.IpMasq.ShouldBeTrue();
        options.AdminSocket.ShouldBe("/run/overlay/overlayd.sock");
        options.AdminHttp!.ToString().ShouldBe("127.0.0.1:9472");
        options.ServiceCidrs.ShouldBeEmpty();
        options.CniInstall.ShouldBe(new CniInstallOptions
        {
            Enabled = false,
            BinDirectory = "/opt/cni/bin",
            ConfigDirectory = "/etc/cni/net.d",
            Source = Path.Combine(AppContext.BaseDirectory, "overlay"),
            RemoveAtStop = false,
            SubnetFile = "/run/flannel/subnet.env",
            StateDirectory = "/var/lib/cni/overlay",
            AdminSocket = "/run/overlay/overlayd.sock",
        });
    }

    [Fact]
    public void Every_key_is_read()
    {
        OverlayOptions options = TestOptions.With(
            ("Interface", "eth1"), ("PublicIp", "192.0.2.1"), ("PublicIpV6", "2001:db8::1"),
            ("Network:CidrV6", "fd00:10:244::/56"), ("Network:SubnetLength", "25"), ("Network:SubnetLengthV6", "72"),
            ("Network:Vni", "4096"), ("Network:Port", "4789"), ("Network:Mtu", "1400"), ("Subnet", "10.244.1.128/25"),
            ("SubnetV6", "fd00:10:244:1:100::/72"), ("ServiceCidrs:0", "10.96.0.0/12"),
            ("ServiceCidrs:1", "fd00:10:96::/112"), ("ControlPlane:Kind", "file"),
            ("ControlPlane:File:Directory", "/srv/leases"), ("SubnetFile", "/run/x.env"),
            ("StateDirectory", "/srv/state"), ("IpMasq", "False"), ("NonMasqueradeCidrs:0", "192.168.0.0/16"),
            ("NonMasqueradeCidrs:1", "fd77::/64"), ("Admin:Socket", "/run/x.sock"), ("Admin:Http", "off"),
            ("Dataplane:Tier", "auto"), ("Dataplane:PinDirectory", "/srv/bpf"),
            ("Dataplane:Queues", "3"), ("Dataplane:BusyPollMicroseconds", "50"), ("Dataplane:PinWorkers", "true"),
            ("Dataplane:Offloads:0", "TunHeader"), ("Dataplane:Offloads:1", "udpsend"), ("CniInstall:Enabled", "true"),
            ("CniInstall:BinDirectory", "/srv/bin"), ("CniInstall:ConfigDirectory", "/srv/net.d"),
            ("CniInstall:Source", "/bin/sh"), ("CniInstall:RemoveAtStop", "true"),
            ("CniInstall:StateDirectory", "/srv/records"), ("Metrics:Otlp", "http://127.0.0.1:4317"),
            ("Metrics:ProbeSeconds", "7"),
            ("HandOver", "wait"));
        options.ShouldBe(new OverlayOptions
        {
            NodeName = "a",
            Interface = "eth1",
            PublicIp = IpAddress.Parse("192.0.2.1"),
            PublicIpV6 = IpAddress.Parse("2001:db8::1"),
            Network = new NetworkOptions
            {
                Cidr = IpPrefix.Parse("10.244.0.0/16"),
                CidrV6 = IpPrefix.Parse("fd00:10:244::/56"),
                SubnetLength = 25,
                SubnetLengthV6 = 72,
                Vni = new Vni(4096),
                Port = 4789,
                Mtu = 1400,
                Given =
                    NetworkKeys.Cidr | NetworkKeys.CidrV6 | NetworkKeys.SubnetLength | NetworkKeys.SubnetLengthV6 | NetworkKeys.Vni | NetworkKeys.Port,
            },
            Subnet = IpPrefix.Parse("10.244.1.128/25"),
            SubnetV6 = IpPrefix.Parse("fd00:10:244:1:100::/72"),
            ServiceCidrs = options.ServiceCidrs,
            ControlPlane = options.ControlPlane,
            SubnetFile = "/run/x.env",
            StateDirectory = "/srv/state",
            KeepAtStop = false,
            HandOver = HandOver.Wait,
            IpMasq = false,
            NonMasqueradeCidrs = options.NonMasqueradeCidrs,
            Dataplane = new DataplaneOptions
            {
                Tier = Tier.Auto,
                PinDirectories = options.Dataplane.PinDirectories,
                Queues = 3,
                BusyPoll = TimeSpan.FromMicroseconds(50),
                PinWorkers = true,
                LearnSenders = true,
                Offloads = Offloads.TunHeader | Offloads.UdpSend,
            },
            AdminSocket = "/run/x.sock",
            AdminHttp = null,
            Metrics = new MetricsOptions(new Uri("http://127.0.0.1:4317"), TimeSpan.FromSeconds(7)),
            CniInstall = new CniInstallOptions
            {
                Enabled = true,
                BinDirectory = "/srv/bin",
                ConfigDirectory = "/srv/net.d",
                Source = "/bin/sh",
                RemoveAtStop = true,
                SubnetFile = "/run/x.env",
                StateDirectory = "/srv/records",
                AdminSocket = "/run/x.sock",
            },
        });
        options.ControlPlane.Kind.ShouldBe(ControlPlaneKind.File);
        options.ControlPlane.LeaseDirectory.ShouldBe("/srv/leases");
        options.ServiceCidrs.ShouldBe([IpPrefix.Parse("10.96.0.0/12"), IpPrefix.Parse("fd00:10:96::/112")]);
        options.NonMasqueradeCidrs.ShouldBe([IpPrefix.Parse("192.168.0.0/16"), IpPrefix.Parse("fd77::/64")]);
        options.Dataplane.PinDirectories.ShouldBe(["/srv/bpf"]);
    }

    [Fact]
    public void Several_bad_values_are_named_together()
    {
        ConfigurationException exception = Should.Throw<ConfigurationException>(
            () => TestOptions.With(("Network:Vni", "x"), ("Network:Port", "0"), ("Subnet", "10.244.1.9/24")));
        exception.Faults.Count.ShouldBe(3);
        exception.Faults.ShouldContain("Overlay:Network:Vni 'x' is not a whole number from 0 to 16777215; example: 1");
        exception.Faults.ShouldAllBe(fault => fault.Contains("; example: "));
    }

    [Fact]
    public void Keys_of_other_control_planes_belong_to_the_format()
    {
        _ = TestOptions.With(
            ("ControlPlane:Etcd:Prefix", "/coreos.com/network"), ("ControlPlane:Kubernetes:Kubeconfig", ""));
        Should.Throw<ConfigurationException>(() =>
            TestOptions.With(("ControlPlane:Consul:Prefix", "x"))).Message.ShouldContain("Overlay:ControlPlane:Consul");
    }

    [Theory]
    [InlineData("CniInstall:Enabled", "perhaps", "is neither true nor false")]
    [InlineData("CniInstall:BinDirectory", "bin", "is not an absolute path")]
    [InlineData("CniInstall:ConfigDirectory", "net.d", "is not an absolute path")]
    [InlineData("CniInstall:Source", "/nowhere/overlay", "does not exist")]
    [InlineData("CniInstall:Source", "/opt/cni/bin/overlay", "cannot be the source")]
    [InlineData("CniInstall:Binary", "x", "is not a key")]
    public void A_bad_value_of_the_plugins_installation_is_named(string key, string value, string problem)
    {
        ConfigurationException exception = Should.Throw<ConfigurationException>(
            () => TestOptions.With([("CniInstall:Source", "/bin/sh"), ("CniInstall:Enabled", "true"), (key, value)]));
        exception.Faults.ShouldContain(fault => fault.StartsWith($"Overlay:{key} '{value}' ", StringComparison.Ordinal)
            && fault.Contains(problem) && fault.Contains("; example: "));
    }

    [Theory]
    [InlineData("ControlPlane:Etcd:Pazzword")]
    [InlineData("ControlPlane:Etcd:Password:0")]
    [InlineData("EtcdPassword")]
    public void A_secret_whose_key_is_misspelt_is_named_and_not_shown(string key)
    {
        ConfigurationException exception = Should.Throw<ConfigurationException>(
            () => TestOptions.With(("ControlPlane:Kind", "Etcd"), (key, "hunter2")));
        exception.Message.ShouldContain($"Overlay:{key.Replace(":0", "", StringComparison.Ordinal)} ");
        exception.Message.ShouldNotContain("hunter2");
    }

    [Fact]
    public void A_bad_URL_is_named_without_its_user_and_password() =>
        Should.Throw<ConfigurationException>(() => TestOptions.With(
            ("ControlPlane:Kind", "Etcd"),
            ("ControlPlane:Etcd:Endpoints:0", "http://u:hunter2@192.0.2.1:99999"))).Message
            .ShouldContain("Overlay:ControlPlane:Etcd:Endpoints:0 'http://***@192.0.2.1:99999' is no http://");

    [Fact]
    public void A_plugin_that_is_not_to_be_installed_need_not_be_there() =>
        TestOptions.With(("CniInstall:Source", "/nowhere/overlay")).CniInstall.Enabled.ShouldBeFalse();
}
