using Overlay.Dataplane.Ebpf.Lifecycle;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Tests;
using Overlay.Host.Netlink;
using Overlay.Lab.Topology;

namespace Overlay.Dataplane.Ebpf.Tests;

/// <summary>A node with a TUN and a tier. It has a <see cref="TestNode"/>'s addresses.</summary>
internal sealed class TierEnd : IDisposable
{
    public const string TunName = "overlay.658188";
    public const ushort Port = 8472;

    // What is left of the underlay's 1500 over IPv6.
    private const int PodMtu = 1430;

    private readonly TestNode _own;
    private Exception? _fault;

    public TierEnd(Node node, TestNode own, Func<EbpfTierOptions, EbpfTierOptions>? change = null)
    {
        _own = own;
        Node = node;
        Tun = node.Invoke(static () => TunDevice.Create(TunName));
        node.Set($"net/ipv6/conf/{TunName}/disable_ipv6", "0");
        foreach (string family in new[] { "ipv4", "ipv6" }) node.Set($"net/{family}/conf/{TunName}/forwarding", "1");
        node.Ip($"link set {TunName} up mtu {PodMtu}",
            $"address add {own.PodsV4.Address}/32 dev {TunName}",
            $"address add {own.PodsV6.Address}/128 dev {TunName} nodad",
            $"route add 10.244.0.0/16 dev {TunName}", $"route add fd00:10:244::/56 dev {TunName}");
        Options = new EbpfTierOptions(
            TestNode.Network, node.Invoke(() => LinkOf(TunName).Index),
            new UnderlayFacts(own.Remote.Address, own.RemoteV6.Address, 1500));
        if (change is not null) Options = change(Options);
        Tier = node.Invoke(() => EbpfTier.Create(Options));
        Publisher = new TablePublisher((_, exception) => _fault = exception);
    }

    public Node Node { get; }

    public TunDevice Tun { get; }

    public EbpfTier Tier { get; private set; }

    public EbpfTierOptions Options { get; }

    public TablePublisher Publisher { get; private set; }

    /// <summary>What the mirror has thrown.</summary>
    public Exception? Fault => _fault;

    public LocalEndpoint Local =>
        _own.Local with { UnderlayIndex = Node.Invoke(static () => LinkOf("eth0").Index) };

    /// <summary>Publishes the node's table with these peers.</summary>
    public void Publish(params TestNode[] peers)
    {
        Publisher.Publish(_own.TableWith(peers).With(Local), TableChange.None);
        Publisher.Add(Tier.Mirror);
        _fault.ShouldBeNull();
    }

    /// <summary>Publishes the node's table with these peers, and has the kernel receive and send.</summary>
    public void Start(params TestNode[] peers)
    {
        Publish(peers);
        Node.Invoke(() => Tier.TakePort(Port));
        Node.Invoke(Tier.AttachEgress);
    }

    /// <summary>Ends the tier as the death of its process does, and makes the next process's.</summary>
    public void Restart()
    {
        Node.Invoke(Tier.Dispose);
        Tier = Node.Invoke(() => EbpfTier.Create(Options));
        Publisher = new TablePublisher((_, exception) => _fault = exception);
    }

    public static LinkInfo LinkOf(string name)
    {
        using RouteNetlink netlink = new();
        return netlink.FindLink(name).ShouldNotBeNull();
    }

    public void Dispose()
    {
        Node.Invoke(Tier.RemoveFromKernel);
        Node.Invoke(Tier.Dispose);
        Tun.Dispose();
    }
}
