using System.Text;
using System.Text.Json.Nodes;
using Overlay.EndToEnd.Tests.Wire;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>
/// Node a under attack: by a stranger on the underlay, and by its peer b, whose daemon meanwhile carries honest
/// traffic. A third peer, c, is known by its lease alone.
/// </summary>
public sealed class HostileScene : IDisposable
{
    private static readonly byte[] _sound = Encoding.ASCII.GetBytes("a sound datagram, which must arrive");
    private static readonly byte[] _hostile = Encoding.ASCII.GetBytes("a hostile datagram, which must not!");

    private readonly PodTap _tap;

    // The stranger knows all that a peer's frames show, and would be taken for another address of b's.
    public HostileScene()
        : this(static overlay => overlay["Dataplane"]!["LearnSenders"] = false)
    {
    }

    internal HostileScene(Action<JsonObject>? edit)
    {
        Cluster = Cluster.Start(new LabOptions { Name = "hostile", PodsPerNode = 2 }, edit);
        (_tap, Peer, Stranger, Honest) = Cluster.Guard(() =>
        {
            const int C = 3;
            VxlanPeer third = new(
                LabAddresses.PodCidrV4(C), LabAddresses.UnderlayV4(C), LabAddresses.VtepMac(C),
                LabAddresses.PodCidrV6(C), LabAddresses.UnderlayV6(C), LabAddresses.VtepMacV6(C));
            third.Write(Path.Combine(Cluster.Lab.LeaseDirectory, "c.json"), Cluster.Lab.Options.Vni);
            Cluster.WaitForPeers(Target, 2);
            return (
                new PodTap(TargetPod),
                new UnderlaySender(Attacker, [Attacker.UnderlayV4!, Attacker.UnderlayV6!], Target),
                new UnderlaySender(Cluster.Lab.Switch, [LabAddresses.OutsideV4, LabAddresses.OutsideV6], Target),
                new HonestTraffic(Target.Pods[0], Attacker.Pods[0]));
        });
    }

    internal Cluster Cluster { get; }

    internal Node Target => Cluster["a"];

    internal Node Attacker => Cluster["b"];

    /// <summary>The pod that the hostile datagrams are for.</summary>
    internal Pod TargetPod => Target.Pods[1];

    internal UnderlaySender Peer { get; }

    internal UnderlaySender Stranger { get; }

    internal HonestTraffic Honest { get; }

    /// <summary>Sound datagrams, one a family, whose payload says that they are not; a test spoils them.</summary>
    internal IEnumerable<VxlanDatagram> Templates => Datagrams(_hostile);

    /// <summary>How often node a has dropped on the way in, by reason.</summary>
    internal Dictionary<string, long> Drops() =>
        Cluster.Report(Target, "counters").GetProperty("drops").EnumerateArray()
        .Where(drop => drop.GetProperty("direction").GetString() == "ingress")
        .ToDictionary(drop => drop.GetProperty("reason").GetString()!, drop => drop.GetProperty("packets").GetInt64());

    /// <summary>What the pod has heard since it was last asked; proves by sound datagrams that it hears.</summary>
    internal IReadOnlyList<byte[]> TakeHeard()
    {
        List<byte[]> heard = [];
        VxlanDatagram[] sound = [.. Datagrams(_sound)];
        foreach (VxlanDatagram datagram in sound) Peer.Send(datagram.ToArray());
        for (int missing = sound.Length * Peer.Count; missing > 0 || _tap.Count > 0;)
        {
            byte[] packet = _tap.Take();
            if (packet.AsSpan().EndsWith(_sound)) missing--;
            else heard.Add(packet);
        }

        return heard;
    }

    public void Dispose()
    {
        Honest.Dispose();
        Peer.Dispose();
        Stranger.Dispose();
        _tap.Dispose();
        Cluster.Dispose();
    }

    private IEnumerable<VxlanDatagram> Datagrams(byte[] payload) =>
        Attacker.Pods[1].Addresses.Zip(TargetPod.Addresses, (source, destination) =>
        new VxlanDatagram
        {
            SourceMac = MacOf(Attacker),
            DestinationMac = MacOf(Target),
            Source = source,
            Destination = destination,
            Payload = payload,
        });

    private static MacAddress MacOf(Node node) => MacAddress.Parse(VxlanPeer.Read(node.LeaseFile).VtepMac!);
}
