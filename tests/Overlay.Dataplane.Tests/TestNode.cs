using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// Node number n has pods in 10.244.n.0/24 and fd00:10:244:n::/64, and VTEPs at 192.168.77.n and fd77::n.
/// </summary>
internal sealed record TestNode
{
    /// <summary>Three bytes that differ, so that their order shows.</summary>
    public static readonly Vni Network = new(0x0a0b0c);

    /// <summary>Pods' MTU over an Ethernet underlay.</summary>
    public const int PodMtu = 1450;

    private TestNode(string name, int number)
    {
        Name = name;
        PodsV4 = IpPrefix.Parse($"10.244.{number}.0/24");
        PodsV6 = IpPrefix.Parse($"fd00:10:244:{number}::/64");
        Mac = MacAddress.Parse($"02:11:22:33:44:0{number}");
        Own = new Vtep(Network, Mac, 8472) { MacV6 = MacAddress.Parse($"02:99:88:77:66:0{number}") };
        Remote = new RemoteVtep(name, IpAddress.Parse($"192.168.77.{number}"), Mac);
        RemoteV6 = new RemoteVtep(name, IpAddress.Parse($"fd77::{number}"), Mac);
    }

    public static TestNode A { get; } = new("a", 1);

    public static TestNode B { get; } = new("b", 2);

    public static TestNode C { get; } = new("c", 3);

    public string Name { get; }

    public IpPrefix PodsV4 { get; }

    public IpPrefix PodsV6 { get; }

    public MacAddress Mac { get; }

    /// <summary>As the node sees itself.</summary>
    public Vtep Own { get; }

    /// <summary>Its end of the tunnels, over an Ethernet underlay.</summary>
    public LocalEndpoint Local => new(Own, UnderlayIndex: 2, PodMtu);

    /// <summary>As others see it, on the IPv4 underlay; carries IPv4 pods.</summary>
    public RemoteVtep Remote { get; }

    /// <summary>As others see it, on the IPv6 underlay; carries IPv6 pods.</summary>
    public RemoteVtep RemoteV6 { get; }

    public RemoteVtep RemoteFor(IpFamily inner) => inner == IpFamily.IPv4 ? Remote : RemoteV6;

    /// <summary>A pod's address on this node.</summary>
    public string Pod(IpFamily family, uint number = 10) =>
        (family == IpFamily.IPv4 ? PodsV4 : PodsV6).Address.Add(number).ToString();

    /// <summary>This node's own table with those peers in it.</summary>
    public ForwardingTable TableWith(params TestNode[] peers)
    {
        ForwardingTableBuilder builder = new ForwardingTableBuilder().AddLocal(PodsV4).AddLocal(PodsV6);
        foreach (TestNode peer in peers)
            _ = builder.AddRoute(peer.PodsV4, peer.Remote).AddRoute(peer.PodsV6, peer.RemoteV6);
        return builder.Build().With(Local);
    }
}
