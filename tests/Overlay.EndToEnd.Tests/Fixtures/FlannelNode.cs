using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Fixtures;

/// <summary>One of the two nodes of <c>flannel/wire.pcap</c>, as its flannel had set it up.</summary>
/// <remarks>
/// IPv6 pods go over a second device, flannel-v6.1, with a MAC and an MTU of its own. To us that is a second VTEP of
/// the same node; here each has its own encapsulator and decapsulator, since one of ours has one MAC.
/// </remarks>
internal sealed class FlannelNode
{
    private const ushort Port = 8472;

    private static readonly Vni _vni = new(1);

    private readonly RemoteVtep _remote;
    private readonly RemoteVtep _remoteV6;
    private readonly IpPrefix _pods;
    private readonly IpPrefix _podsV6;

    private FlannelNode(string name, int number, string mac, string macV6)
    {
        Name = name;
        _remote = new RemoteVtep(name, IpAddress.Parse($"192.168.77.{number}"), MacAddress.Parse(mac));
        _remoteV6 = new RemoteVtep(name, IpAddress.Parse($"fd77::{number}"), MacAddress.Parse(macV6));
        _pods = IpPrefix.Parse($"10.244.{number}.0/24");
        _podsV6 = IpPrefix.Parse($"fd00:10:244:{number}::/64");
    }

    public static FlannelNode A { get; } = new("a", 1, "3a:74:bf:96:92:d9", "ae:e8:27:aa:35:0e");

    public static FlannelNode B { get; } = new("b", 2, "be:01:01:a2:94:2d", "32:2d:85:41:5c:de");

    public string Name { get; }

    public FlannelNode Peer => this == A ? B : A;

    /// <summary>The node whose underlay address that is.</summary>
    public static FlannelNode At(IpAddress underlayAddress) =>
        new[] { A, B }.Single(
            node => node._remote.Address == underlayAddress || node._remoteV6.Address == underlayAddress);

    /// <summary>MTU of the device for that family: the underlay's 1500 less the encapsulation.</summary>
    public static int Mtu(IpFamily family) => family == IpFamily.IPv4 ? 1450 : 1430;

    public RemoteVtep Remote(IpFamily family) => family == IpFamily.IPv4 ? _remote : _remoteV6;

    public Vtep Vtep(IpFamily family) => new(_vni, Remote(family).Mac, Port);

    /// <summary>What our control plane would make of both nodes' leases, on this node.</summary>
    public ForwardingTable Table(IpFamily inner) => new ForwardingTableBuilder()
        .AddLocal(_pods).AddLocal(_podsV6)
        .AddRoute(Peer._pods, Peer._remote).AddRoute(Peer._podsV6, Peer._remoteV6)
        .Build().With(new LocalEndpoint(Vtep(inner), 0, Mtu(inner)));
}
