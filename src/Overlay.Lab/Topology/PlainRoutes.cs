using System.Net;

namespace Overlay.Lab.Topology;

/// <summary>
/// Pod CIDRs routed to their nodes' own addresses: what a network that knows of pods does without a tunnel.
/// </summary>
public sealed class PlainRoutes
{
    private readonly Node _node;
    private readonly List<string> _routes = [];

    internal PlainRoutes(Node node, IEnumerable<Node> peers)
    {
        _node = node;
        foreach (Node peer in peers)
        {
            Add(peer.PodCidrV4, peer.UnderlayV4);
            Add(peer.PodCidrV6, peer.UnderlayV6);
        }
    }

    /// <summary>Removes the routes.</summary>
    public void Remove() => _node.Ip(_routes.Select(route => $"route delete {route}"));

    private void Add(IPNetwork? pods, IPAddress? gateway)
    {
        if (pods is not null && gateway is not null)
        {
            _node.Ip($"route add {pods} via {gateway} dev eth0");
            _routes.Add($"{pods} via {gateway} dev eth0");
        }
    }
}
