using Overlay.ControlPlane.Leases;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Probes;

/// <summary>The node that a ping starts at, as far as a ping needs it. Immutable.</summary>
/// <param name="Node">This node's name.</param>
/// <param name="Ends">This node's end of each family that it has pods of.</param>
/// <param name="Table">The routes to the peers.</param>
/// <param name="Peers">The peers, also refused ones.</param>
/// <param name="IsDirect">True where a plain route leads to a pod CIDR.</param>
internal sealed record PingScene(
    string Node, IReadOnlyList<OwnEnd> Ends, ForwardingTable Table, PeersSnapshot Peers, Func<IpPrefix, bool> IsDirect)
{
    /// <summary>This node's end of a family; null where it has no pods of it.</summary>
    public OwnEnd? EndOf(IpFamily family) => Ends.FirstOrDefault(end => end.Address.Family == family);
}

/// <summary>This node's end of one family.</summary>
/// <param name="Address">Its inner address.</param>
/// <param name="Mtu">Bytes of the largest packet that its device takes of that family.</param>
internal sealed record OwnEnd(IpAddress Address, int Mtu);

/// <summary>A peer, reached by one family.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Address">Its inner address.</param>
/// <param name="From">This node's end.</param>
/// <param name="Overhead">Bytes that the way adds to a packet; 0 on a direct route.</param>
internal sealed record PeerEnd(string Node, IpAddress Address, OwnEnd From, int Overhead);
