using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Lab;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests;

/// <summary>A lab whose nodes run overlayd and know each other.</summary>
internal sealed class Cluster : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private Cluster(LabNetwork lab, IReadOnlyList<Node> ours, Action<JsonObject>? edit)
    {
        Lab = lab;
        foreach (Node node in ours) node.WriteConfig(edit);
        Daemons = [.. ours.Select(node => node.StartDaemon())];
        foreach (DaemonProcess daemon in Daemons) daemon.WaitReady();
    }

    public LabNetwork Lab { get; }

    /// <summary>One a node that runs ours, in the nodes' order.</summary>
    public IReadOnlyList<DaemonProcess> Daemons { get; }

    public Node this[string name] => Lab[name];

    /// <summary>Every node runs overlayd; the edit gets each one's configuration.</summary>
    public static Cluster Start(LabOptions options, Action<JsonObject>? edit = null)
    {
        LabNetwork lab = LabNetwork.Create(options);
        return Finish(lab, lab.Nodes, options.Nodes - 1, edit);
    }

    /// <summary>
    /// Node a runs overlayd; the others are set up as flannel sets up kernel VXLAN, and know a's real lease.
    /// </summary>
    public static Cluster StartBesideKernel(LabOptions options, Action<JsonObject>? edit = null)
    {
        LabNetwork lab = LabNetwork.Create(options);
        List<KernelVxlan> kernels = [.. lab.Nodes.Skip(1).Select(node => node.UseKernelVxlan(lab.Nodes.Skip(1)))];
        foreach (KernelVxlan kernel in kernels) kernel.PublishLease();
        Cluster cluster = Finish(lab, [lab.Nodes[0]], kernels.Count, edit);
        VxlanPeer ours = VxlanPeer.Read(lab.Nodes[0].LeaseFile);
        foreach (KernelVxlan kernel in kernels) kernel.AddPeer(ours);
        return cluster;
    }

    /// <summary>Waits until the node has that many peers in its table.</summary>
    public static void WaitForPeers(Node node, int count)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            JsonElement[] peers = [.. Report(node, "peers").EnumerateArray()];
            if (peers.Length == count && peers.All(peer => peer.GetProperty("state").GetString() == "accepted")) return;
            if (watch.Elapsed > _patience)
                throw new LabException($"node {node.Name} has not accepted {count} peers: {string.Join(", ", peers)}");
            Thread.Sleep(50);
        }
    }

    /// <summary>
    /// Waits until the node has written the other one's pod CIDR down for its next start: it forwards to a peer before
    /// that, and a crash may take along what it has learnt in its last second.
    /// </summary>
    public static void WaitForSavedPeer(Node node, Node peer) => WaitForSavedPeer(node.StateDirectory, peer);

    /// <inheritdoc cref="WaitForSavedPeer(Node, Node)"/>
    public static void WaitForSavedPeer(string stateDirectory, Node peer)
    {
        string saved = Path.Combine(stateDirectory, "peers.json");
        Waiting.For(() => File.Exists(saved)
            && File.ReadAllText(saved).Contains($"{peer.PodCidrV4 ?? peer.PodCidrV6}", StringComparison.Ordinal));
    }

    /// <summary>What <c>overlayctl --json</c> would say.</summary>
    public static JsonElement Report(Node node, string report) => AdminSocket.Report(node, report);

    /// <summary>The texts of one of status' lists: problems or warnings.</summary>
    public static string[] Texts(Node node, string list) =>
        [.. Report(node, "status").GetProperty(list).EnumerateArray().Select(static text => text.GetString()!)];

    /// <summary>How often that node has dropped for that reason on the way in (or out).</summary>
    public static long Dropped(Node node, string reason, string direction = "ingress") =>
        Report(node, "counters").GetProperty("drops").EnumerateArray()
            .Single(drop => drop.GetProperty("reason").GetString() == reason
                && drop.GetProperty("direction").GetString() == direction)
            .GetProperty("packets").GetInt64();

    /// <summary>The packets that all workers of a node have passed on that way.</summary>
    public static long Forwarded(Node node, string direction) =>
        Report(node, "counters").GetProperty("workers").EnumerateArray()
            .Where(worker => worker.GetProperty("direction").GetString() == direction)
            .Sum(static worker => worker.GetProperty("packets").GetInt64());

    public void Dispose() => Lab.Dispose();

    private static Cluster Finish(LabNetwork lab, IReadOnlyList<Node> ours, int peers, Action<JsonObject>? edit)
    {
        try
        {
            Cluster cluster = new(lab, ours, edit);
            foreach (Node node in ours) WaitForPeers(node, peers);
            return cluster;
        }
        catch
        {
            lab.Dispose();
            throw;
        }
    }
}
