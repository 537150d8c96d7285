using Overlay.Host.Interop;
using Overlay.Host.Namespaces;
using Overlay.Host.Netlink;
using Overlay.Lab.Processes;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Host.Tests;

/// <summary>Bridges, and pairs whose far end is in another network namespace.</summary>
public sealed class BridgePortTests : IDisposable
{
    private static readonly MacAddress _bridgeAddress = MacAddress.Parse("02:00:00:00:00:b1");
    private static readonly MacAddress _peerAddress = MacAddress.Parse("02:00:00:00:00:0c");

    private readonly TwoNodes _nodes = new();
    private RouteNetlink _netlink = null!;
    private NamespaceHandle _far = null!;

    public BridgePortTests() => _nodes.Guard(() =>
    {
        _netlink = _nodes.A.Invoke(static () => new RouteNetlink());
        _far = NamespaceHandle.Open($"/run/netns/{_nodes.B.Namespace}");
    });

    private LinkInfo Bridge => _netlink.FindLink("br7").ShouldNotBeNull();

    [Fact]
    public void A_bridge_is_made_once_with_its_address_and_MTU()
    {
        _netlink.TryCreateBridge("br7", _bridgeAddress, 1440).ShouldBeTrue();
        _netlink.TryCreateBridge("br7", _peerAddress, 1300).ShouldBeFalse();
        Bridge.ShouldBe(new LinkInfo(Bridge.Index, "br7", 1440, IsUp: false, "bridge", _bridgeAddress));
        _netlink.SetPromiscuous("br7");
        _nodes.A.Run("ip", "link", "show", "br7").Output.ShouldContain("PROMISC");
    }

    [Fact]
    public void A_pair_has_one_end_on_the_bridge_and_the_other_in_the_other_namespace()
    {
        CreatePair();
        LinkInfo near = _netlink.FindLink("near").ShouldNotBeNull();
        near.ShouldBe(new LinkInfo(near.Index, "near", 1400, IsUp: false, "veth", near.Address, Bridge.Index));
        Far(static netlink => netlink.FindLink("far")).ShouldNotBeNull().ShouldBe(
            Far(static netlink => netlink.FindLink("far"))! with
            {
                Name = "far",
                Mtu = 1400,
                IsUp = false,
                Kind = "veth",
                Address = _peerAddress,
                MasterIndex = 0
            });
        _netlink.FindLink("far").ShouldBeNull();

        _netlink.TryDelete("near").ShouldBeTrue();
        _netlink.TryDelete("near").ShouldBeFalse();
        Far(static netlink => netlink.FindLink("far")).ShouldBeNull();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_port_is_enabled_when_both_ends_are_up_and_has_no_address_of_its_own(bool isHairpin)
    {
        CreatePair();
        _netlink.SetUp("br7");
        _netlink.SetUpPort("near", isHairpin);
        BridgePortInfo port = _netlink.FindBridgePort("near").ShouldNotBeNull();
        (port.IsEnabled, port.IsHairpin, port.Link.IsUp).ShouldBe((false, isHairpin, true));
        _ = Far(static netlink =>
        {
            netlink.SetUp("far", 17);
            return netlink;
        });
        SpinWait.SpinUntil(() => _netlink.FindBridgePort("near")!.IsEnabled, TimeSpan.FromSeconds(20)).ShouldBeTrue();
        _nodes.B.Run("ip", "-d", "link", "show", "far").Output.ShouldContain("gso_max_segs 17");
        _netlink.GetAddresses(port.Link).ShouldBeEmpty();
        _netlink.FindBridgePort("eth0").ShouldBeNull();
        _netlink.FindBridgePort("none").ShouldBeNull();
    }

    [Fact]
    public void Names_that_are_taken_or_missing_are_told_by_the_kernels_own_numbers()
    {
        CreatePair();
        Should.Throw<LinuxException>(() => Create("near", "other")).Errno.ShouldBe(Errno.EEXIST);
        LinuxException taken = Should.Throw<LinuxException>(() => Create("other", "far"));
        taken.Errno.ShouldBe(Errno.EEXIST);
        taken.Message.ShouldContain("other and its peer far");
        _netlink.FindLink("other").ShouldBeNull();

        foreach (Action call in new Action[] { () => _netlink.SetUpPort("none", true), () => _netlink.SetUp(
            "none"), () => _netlink.SetPromiscuous("none"), () => _netlink.SetHardwareAddress("none", _peerAddress) })
        {
            LinuxException missing = Should.Throw<LinuxException>(call);
            missing.Errno.ShouldBe(Errno.ENODEV);
            missing.Subject.ShouldBe("none");
        }
    }

    [Fact]
    public void Lists_longer_than_one_datagram_are_read_whole()
    {
        const int Many = 1500;
        LinkInfo eth0 = _netlink.FindLink("eth0").ShouldNotBeNull();
        _nodes.A.Ip(
            Enumerable.Range(0, Many)
                .SelectMany(static i => new[] { $"address add 10.9.{i / 250}.{(i % 250) + 1}/32 dev eth0",
                    $"route add 10.{100 + (i / 250)}.{i % 250}.0/24 dev eth0" }));
        _netlink.GetAddresses(eth0)
            .Count(static address => IpPrefix.Parse("10.9.0.0/16").Contains(address.Address)).ShouldBe(Many);
        _netlink.GetAddresses()
            .Count(static address => IpPrefix.Parse("10.9.0.0/16").Contains(address.Address)).ShouldBe(Many);
        _netlink.GetRoutes().Select(static route => route.Prefix).Where(static prefix => prefix.Length == 24
            && IpPrefix.Parse("10.96.0.0/11").Contains(prefix.Address)).Distinct().Count().ShouldBe(Many);
    }

    [Fact]
    public void Setting_a_hardware_address_tells_the_link_whose_the_addresses_are()
    {
        _nodes.A.Set("net/ipv4/conf/eth0/arp_notify", "1");
        _nodes.A.Set("net/ipv6/conf/eth0/ndisc_notify", "1");
        BackgroundProcess peer = _nodes.B.Start("tcpdump", "-i", "eth0", "-n", "-l", "-e", "arp or icmp6[0] == 136");
        peer.WaitForLog("listening on");
        LinkInfo eth0 = _netlink.FindLink("eth0").ShouldNotBeNull();
        _netlink.SetHardwareAddress("eth0", eth0.Address);
        peer.WaitForLog("who-has 192.168.77.1 tell 192.168.77.1");
        peer.WaitForLog("tgt is fd77::1");
        peer.Stop();
    }

    public void Dispose()
    {
        _far.Dispose();
        _netlink.Dispose();
        _nodes.Dispose();
    }

    private void CreatePair()
    {
        _netlink.TryCreateBridge("br7", _bridgeAddress, 1440).ShouldBeTrue();
        Create("near", "far");
    }

    private void Create(string name, string peerName) =>
        _netlink.CreateVeth(new VethPair(name, Bridge, _far, peerName, _peerAddress, 1400));

    private T Far<T>(Func<RouteNetlink, T> action) => _far.Invoke(() =>
    {
        using RouteNetlink netlink = new();
        return action(netlink);
    });
}
