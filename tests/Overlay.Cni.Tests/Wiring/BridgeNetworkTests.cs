using System.Net;
using Overlay.Cni.Protocol;
using Overlay.Cni.Wiring;
using Overlay.Lab.Processes;
using Overlay.Wire.Values;

namespace Overlay.Cni.Tests;

public sealed class BridgeNetworkTests : IDisposable
{
    private readonly BridgeLab _lab = new();

    [Fact]
    public void A_pod_gets_everything_that_was_asked_for()
    {
        AttachmentRequest request = _lab.Request(1);
        Attachment made = _lab.Attach(request);
        _lab.Check(request);

        string link = BridgeLab.Ip(_lab.Pod(1), "-d link show eth0");
        link.ShouldContain("mtu 1450");
        link.ShouldContain("0a:58:0a:f4:07:0a");
        link.ShouldContain("gso_max_segs 44");
        made.Mac.ToString().ShouldBe("0a:58:0a:f4:07:0a");
        made.Mtu.ShouldBe(1450u);
        BridgeLab.Ip(_lab.Pod(1), "link show lo").ShouldContain("LOOPBACK,UP");
        string routes = BridgeLab.Ip(_lab.Pod(1), "route");
        routes.ShouldContain("default via 10.244.7.1 dev eth0");
        routes.ShouldContain("10.244.0.0/16 via 10.244.7.1 dev eth0 mtu 1400");
        BridgeLab.Ip(_lab.Pod(1), "-6 route").ShouldContain("default via fd00:10:244:7::1 dev eth0");

        string port = BridgeLab.Ip(_lab.Host, $"-d link show {request.HostInterfaceName}");
        port.ShouldContain("master cni0");
        port.ShouldContain("hairpin on");
        BridgeLab.Ip(_lab.Host, $"-6 address show dev {request.HostInterfaceName}").ShouldBeEmpty();
        _lab.Host.Get("net/ipv4/ip_forward").ShouldBe("1");
        _lab.Host.Get("net/ipv6/conf/all/forwarding").ShouldBe("1");
    }

    [Fact]
    public void A_pod_is_reachable_as_soon_as_it_is_attached_and_reaches_others()
    {
        _lab.Pod(1).Set("net/ipv6/conf/default/disable_ipv6", "1");
        foreach (string scope in new[] { "all", "default" })
            _lab.Pod(1).Set($"net/ipv6/conf/{scope}/accept_dad", scope == "all" ? "0" : "1");
        _lab.Attach(_lab.Request(1));
        _lab.Attach(_lab.Request(2));
        BridgeLab.Ip(_lab.Pod(1), "-6 address show tentative").ShouldBeEmpty();
        foreach (IPAddress address in new[] { BridgeLab.Ipv4(1), BridgeLab.Ipv6(1) })
        {
            _lab.Pod(2).Ping(address, 1).Succeeded.ShouldBeTrue();
            _lab.Host.Ping(address, 1).Succeeded.ShouldBeTrue();
        }
    }

    [Fact]
    public void The_bridge_keeps_its_hardware_address_whatever_ports_come_and_go()
    {
        Attachment first = _lab.Attach(_lab.Request(1));
        first.BridgeMac.ToString().ShouldBe("0a:58:0a:f4:07:01");
        _lab.Attach(_lab.Request(2) with { Mac = MacAddress.Parse("02:00:00:00:00:01") });
        _lab.Detach(_lab.Request(1));
        BridgeLab.Ip(_lab.Host, "link show cni0").ShouldContain("0a:58:0a:f4:07:01");
    }

    [Fact]
    public void A_bridge_that_is_there_is_taken_as_it_is()
    {
        _lab.Host.Ip(
            "link add cni0 address 02:00:00:00:00:99 mtu 1440 type bridge", "address add 10.244.7.1/24 dev cni0");
        _lab.Host.Set("net/ipv6/conf/cni0/accept_ra", "1");
        _lab.Attach(_lab.Request(1) with { Mtu = 1440 }).BridgeMac.ToString().ShouldBe("02:00:00:00:00:99");
        string bridge = BridgeLab.Ip(_lab.Host, "address show cni0");
        _lab.Host.Get("net/ipv6/conf/cni0/accept_ra").ShouldBe("0");
        bridge.ShouldContain("mtu 1440");
        bridge.ShouldContain("inet6 fd00:10:244:7::1/64");
        _lab.Host.Ping(BridgeLab.Ipv4(1), 1).Succeeded.ShouldBeTrue();
    }

    [Fact]
    public void An_address_of_another_subnet_on_the_bridge_is_an_error_unless_it_may_be_replaced()
    {
        _lab.Host.Ip("link add cni0 type bridge", "address add 10.9.9.1/24 dev cni0");
        CniException refused = Should.Throw<CniException>(() => _lab.Attach(_lab.Request(1)));
        refused.Message.ShouldContain("10.9.9.1/24");
        refused.Message.ShouldContain("10.244.7.1/24");
        AttachmentRequest forcing = _lab.Request(1) with
        {
            Bridge = new BridgeSettings { Name = "cni0", ForceAddress = true },
        };
        _lab.Attach(forcing);
        BridgeLab.Ip(_lab.Host, "address show cni0").ShouldNotContain("10.9.9.1");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_port_reflects_when_hairpin_is_on(bool hairpin)
    {
        AttachmentRequest request = _lab.Request(1) with
        {
            Bridge = new BridgeSettings { Name = "cni0", HairpinMode = hairpin },
        };
        _lab.Attach(request);
        BridgeLab.Ip(_lab.Host, $"-d link show {request.HostInterfaceName}")
            .ShouldContain($"hairpin {(hairpin ? "on" : "off")}");
    }

    [Fact]
    public void A_second_interface_leaves_the_default_route_of_the_first()
    {
        _lab.Attach(_lab.Request(1));
        AttachmentRequest second = _lab.Request(1, "net1") with
        {
            Bridge = new BridgeSettings { Name = "br1", IsDefaultGateway = false },
            Addresses = [new(IpAddress.Parse("10.50.0.5"), 24, IpAddress.Parse("10.50.0.1"))],
            Routes = [new(IpPrefix.Parse("10.60.0.0/16"), IpAddress.Parse("192.0.2.1"))],
        };
        _lab.Attach(second);
        _lab.Check(second);
        string routes = BridgeLab.Ip(_lab.Pod(1), "route");
        routes.ShouldContain("default via 10.244.7.1 dev eth0");
        routes.ShouldNotContain("default via 10.50.0.1");
        routes.ShouldContain("10.60.0.0/16 via 192.0.2.1 dev net1 onlink");
    }

    [Fact]
    public void What_fails_halfway_leaves_no_interface()
    {
        AttachmentRequest request = _lab.Request(1) with
        {
            Routes = [new(IpPrefix.Parse("10.60.0.0/16"), IpAddress.Parse("240.0.0.1"), 0), new(
                IpPrefix.Parse("2001:db8::/32"), IpAddress.Parse("::1"))],
        };
        Should.Throw<CniException>(() => _lab.Attach(request)).Code.ShouldBe(CniErrorCode.Wiring);
        _lab.Host.Run("ip", "link", "show", request.HostInterfaceName).Succeeded.ShouldBeFalse();
        _lab.Pod(1).Run("ip", "link", "show", "eth0").Succeeded.ShouldBeFalse();
        _lab.Attach(_lab.Request(1));
    }

    [Fact]
    public void A_name_that_is_taken_is_named_with_its_side()
    {
        _lab.Pod(1).Ip("link add eth0 type bridge");
        Should.Throw<CniException>(() => _lab.Attach(_lab.Request(1))).Message.ShouldBe(
            $"eth0 already exists in {BridgeLab.PathOf(_lab.Pod(1))}");
        BridgeLab.Ip(_lab.Host, "link").ShouldNotContain("ov1eth0");

        _lab.Host.Ip("link add ov2eth0 type bridge");
        Should.Throw<CniException>(
            () => _lab.Attach(_lab.Request(2))).Message.ShouldContain("ov2eth0 already exists on the node");
        BridgeLab.Ip(_lab.Host, "link").ShouldContain("ov2eth0");

        _lab.Host.Ip("link delete cni0", "link add cni0 type veth peer name other");
        Should.Throw<CniException>(
            () => _lab.Attach(_lab.Request(3))).Message.ShouldContain("cni0 is no bridge but of kind veth");
    }

    [Fact]
    public void A_namespace_that_is_none_is_an_error_to_attach_and_none_to_detach()
    {
        string file = Path.GetTempFileName();
        try
        {
            foreach (string path in new[] { file, "/nowhere", "/proc/self/ns/pid" })
            {
                AttachmentRequest request = _lab.Request(1) with { NetworkNamespacePath = path };
                Should.Throw<CniException>(() => _lab.Attach(request)).Message.ShouldContain(path);
                _lab.Detach(request, path);
            }
        }
        finally
        {
            File.Delete(file);
        }

        AttachmentRequest own = _lab.Request(1) with
        {
            NetworkNamespacePath = BridgeLab.PathOf(_lab.Host),
            InterfaceName = "eth0",
        };
        Should.Throw<CniException>(() => _lab.Attach(own)).Code.ShouldBe(CniErrorCode.InvalidEnvironment);
        _lab.Detach(own, own.NetworkNamespacePath);
        BridgeLab.Ip(_lab.Host, "link").ShouldContain("eth0");
    }

    [Fact]
    public void Detaching_takes_the_pair_by_either_side_and_again_is_no_error()
    {
        AttachmentRequest request = _lab.Request(1);
        _lab.Attach(request);
        _lab.Detach(request);
        _lab.Detach(request, request.NetworkNamespacePath);
        _lab.Pod(1).Run("ip", "link", "show", "eth0").Succeeded.ShouldBeFalse();

        _lab.Attach(request);
        _lab.Host.Ip(
            $"link set {request.HostInterfaceName} down", $"link set {request.HostInterfaceName} name veth12345");
        _lab.Detach(request, request.NetworkNamespacePath);
        BridgeLab.Ip(_lab.Host, "link").ShouldNotContain("veth12345");
    }

    [Fact]
    public void Detaching_leaves_the_interface_of_another_attachment_in_that_namespace()
    {
        _lab.Attach(_lab.Request(1));
        AttachmentRequest gone = _lab.Request(2);
        _lab.Detach(gone, BridgeLab.PathOf(_lab.Pod(1)));
        _lab.Check(_lab.Request(1));
    }

    [Theory]
    [InlineData(true, "link delete ov1eth0", "ov1eth0 is gone from the node")]
    [InlineData(true, "link set ov1eth0 nomaster", "ov1eth0 is no port of cni0")]
    [InlineData(true, "address delete 10.244.7.1/24 dev cni0", "cni0 has lost the gateway's address 10.244.7.1/24")]
    [InlineData(true, "link set cni0 down", "the bridge cni0 is down")]
    [InlineData(false, "address delete fd00:10:244:7::a/64 dev eth0", "eth0 has lost its address fd00:10:244:7::a/64")]
    [InlineData(false, "route delete default", "the pod has lost its route to 0.0.0.0/0")]
    [InlineData(false, "link set eth0 name eth1", "eth0 is gone from")]
    public void Check_names_what_differs(bool onHost, string change, string message)
    {
        AttachmentRequest request = _lab.Request(1) with
        {
            Addresses =
            [
                new(IpAddress.Parse("10.244.7.10"), 24, IpAddress.Parse("10.244.7.1")),
                new(IpAddress.Parse("fd00:10:244:7::a"), 64, IpAddress.Parse("fd00:10:244:7::1")),
            ],
        };
        _lab.Attach(request);
        _lab.Check(request);
        (onHost ? _lab.Host : _lab.Pod(1)).Ip(change);
        CniException differs = Should.Throw<CniException>(() => _lab.Check(request));
        differs.Code.ShouldBe(CniErrorCode.Differs);
        differs.Message.ShouldContain(message);
    }

    [Fact]
    public void Pods_attached_at_once_share_one_bridge()
    {
        Parallel.For(1, 5, number => _lab.Attach(_lab.Request(number)));
        for (int number = 1; number < 5; number++)
        {
            _lab.Check(_lab.Request(number));
            _lab.Host.Ping(BridgeLab.Ipv4(number), 1).Succeeded.ShouldBeTrue();
        }
    }

    [Fact]
    public void Addresses_are_announced_to_the_link()
    {
        _lab.Attach(_lab.Request(1));
        string capture = Path.Combine(_lab.Host.Directory, "announcements.pcap");
        BackgroundProcess tcpdump = _lab.Pod(1)
            .Start("tcpdump", "-i", "eth0", "-U", "-Z", "root", "-w", capture, "arp or icmp6");
        tcpdump.WaitForLog("listening on");
        _lab.Attach(_lab.Request(2));
        string[] fields =
            ["-T", "fields", "-e", "arp.src.proto_ipv4", "-e", "arp.isannouncement", "-e",
                "icmpv6.nd.na.target_address", "-e", "icmpv6.nd.na.flag.o", "-e", "icmpv6.checksum.status", "-e",
                "icmpv6.opt.linkaddr"];
        string seen = "";
        SpinWait.SpinUntil(
            () => (seen = _lab.Host.Run("tshark", ["-r", capture, "-Y", "arp.isannouncement || icmpv6.type == 136",
                .. fields]).Output).Split('\n').Length > 2,
            TimeSpan.FromSeconds(20));
        tcpdump.Stop();
        seen.ShouldContain("10.244.7.11\t1");
        seen.ShouldContain("fd00:10:244:7::11");
        seen.ShouldContain("0a:58:0a:f4:07:0b");
        seen.ShouldMatch("fd00:10:244:7::11\\t(1|True)\\t1");
    }

    public void Dispose() => _lab.Dispose();
}
