using System.Globalization;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Packets;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Tests;

/// <summary>Two nodes, their tunnel sockets, and a batch of datagrams to be sent.</summary>
internal sealed class UdpRig : IDisposable
{
    public const ushort Port = 8472;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly TwoNodes _nodes = new();
    private readonly List<UdpSockets> _sockets = [];
    private readonly Dictionary<string, RemoteVtep> _peers = [];

    public Node A => _nodes.A;

    public Node B => _nodes.B;

    public PacketBatch Sent { get; } = new(8);

    /// <summary>Sockets at the node's own addresses.</summary>
    public UdpUnderlay Open(Node node, Offloads offloads = Offloads.None) =>
        Open(node, $"{node.UnderlayV4}", $"{node.UnderlayV6}", offloads);

    public UdpUnderlay Open(Node node, string ipv4, string ipv6, Offloads offloads = Offloads.None)
    {
        UdpSockets sockets = node.Invoke(() => UdpSockets.Open(
            1, IpAddress.Parse(ipv4).ToIpv4(), IpAddress.Parse(ipv6).ToIpv6(), Port, offloads));
        _sockets.Add(sockets);
        return sockets[0];
    }

    /// <summary>The next datagram of the batch, to that address.</summary>
    public ref PacketSlot Add(string to, int offset, int length)
    {
        if (!_peers.TryGetValue(to, out RemoteVtep? peer))
            _peers[to] = peer = new RemoteVtep(to, IpAddress.Parse(to), MacAddress.Parse("02:00:00:00:00:02"));
        ref PacketSlot slot = ref Sent.Add(offset, length);
        slot.Remote = peer;
        return ref slot;
    }

    public static bool Receive(UdpUnderlay underlay, PacketBatch batch) =>
        SpinWait.SpinUntil(() => underlay.TryReceive(batch), _patience);

    /// <summary>Datagrams to that address' family for which the node had no socket.</summary>
    public static long NoPorts(Node node, string to)
    {
        string counter = IpAddress.Parse(to).Family == IpFamily.IPv4 ? "UdpNoPorts" : "Udp6NoPorts";
        string line = node.Run("nstat", "-asz", counter).EnsureSuccess().Output.Split('\n')
            .Single(line => line.StartsWith(counter, StringComparison.Ordinal));
        return long.Parse(
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        foreach (UdpSockets sockets in _sockets) sockets.Dispose();
        _nodes.Dispose();
    }
}
