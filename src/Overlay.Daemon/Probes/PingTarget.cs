using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Problems;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Probes;

/// <summary>The destination of a ping: peers, and perhaps a pod of one of them or of this node.</summary>
/// <param name="Name">The operator's own word for it.</param>
/// <param name="Peers">The peers to probe, one entry a family.</param>
/// <param name="Pod">The pod to ping besides; null for none.</param>
internal sealed record PingTarget(string Name, IReadOnlyList<PeerEnd> Peers, PodEnd? Pod)
{
    /// <summary>The name that stands for all accepted peers.</summary>
    public const string Everybody = "all";

    public bool IsEverybody => Name == Everybody;

    /// <exception cref="PingException">Nothing that can be pinged has that name or address.</exception>
    public static PingTarget Find(PingScene scene, string name)
    {
        if (name == Everybody) return new PingTarget(name, [.. EndsOf(scene)], null);
        if (IpAddress.TryParse(name, out IpAddress address)) return FindAddress(scene, address);
        PeerEnd[] ends = [.. EndsOf(scene).Where(end => end.Node == name)];
        return ends.Length > 0
            ? new PingTarget(name, ends, null)
            : throw new PingException(PingFault.UnknownTarget, WhyNot(scene, name));
    }

    private static PingTarget FindAddress(PingScene scene, IpAddress address)
    {
        if (scene.Ends.Any(end => end.Address == address))
            throw new PingException(PingFault.UnknownTarget, $"{address} is the inner address of this node itself");
        if (scene.Table.Find(address) is { } route)
        {
            if (route.IsLocal) return new PingTarget($"{address}", [], new PodEnd(address, scene.Node, true));
            if (EndOf(scene, route) is { } end)
                return new PingTarget(
                    $"{address}", [end], address == end.Address ? null : new PodEnd(address, end.Node, false));
        }

        throw new PingException(
            PingFault.UnknownTarget,
            $"{address} is in no pod CIDR of the forwarding table, see overlayctl routes; known nodes: {Known(scene)}");
    }

    private static string WhyNot(PingScene scene, string name)
    {
        if (name == scene.Node) return $"{name} is this node itself; known nodes: {Known(scene)}";
        PeerLease? peer = scene.Peers.Peers.FirstOrDefault(peer => peer.Lease.Node == name);
        return peer is null
            ? $"no peer is named {name}; known nodes: {Known(scene)}"
            : $"node {name} is not in the forwarding table: {peer.Reason ?? "its lease is incomplete"}; known nodes: "
                + Known(scene);
    }

    private static string Known(PingScene scene)
    {
        string[] names = ShortList.Of(
            scene.Table.Routes.Select(static route => route.Via?.Node).OfType<string>().Distinct()
                .Order(StringComparer.Ordinal), "and others, see overlayctl peers");
        return names.Length == 0 ? "none" : string.Join(", ", names);
    }

    private static IEnumerable<PeerEnd> EndsOf(PingScene scene) =>
        scene.Table.Routes.Select(route => EndOf(scene, route)).OfType<PeerEnd>();

    private static PeerEnd? EndOf(PingScene scene, Route route) =>
        route.Via is { } via && scene.EndOf(route.Prefix.Family) is { } from
            ? new PeerEnd(
                via.Node, route.Prefix.Address, from,
                scene.IsDirect(route.Prefix) ? 0 : VxlanOverhead.Over(via.Address.Family))
            : null;
}

/// <summary>A pod that is pinged.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Node">The node that has it.</param>
/// <param name="IsLocal">The node is this one.</param>
internal sealed record PodEnd(IpAddress Address, string Node, bool IsLocal);
