using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.EndToEnd.Tests.Migration;
using Overlay.EndToEnd.Tests.Restarts;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>
/// Node a, on which faults are made, with two peers: b runs overlayd as well, c is kernel VXLAN. Packets flow and
/// connections are open between a's pod and both all the while.
/// </summary>
public sealed class FaultScene : IDisposable
{
    private const int PacketsPerSecond = 100;

    private static readonly TimeSpan _recovery = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _quiet = TimeSpan.FromMilliseconds(300);

    private readonly LabNetwork _lab;
    private readonly List<OpenConnection> _connections = [];
    private string _stateDirectory = "";

    /// <summary>The scene that a class of tests shares.</summary>
    public FaultScene()
        : this(null)
    {
    }

    /// <summary>A scene with a configuration of its own.</summary>
    internal FaultScene(Action<JsonObject>? edit)
    {
        _lab = LabNetwork.Create(new LabOptions { Name = "fault", Nodes = 3, PodsPerNode = 2 });
        try
        {
            KernelVxlan kernel = C.UseKernelVxlan();
            kernel.PublishLease();
            foreach (Node node in new[] { A, B })
            {
                node.WriteConfig(overlay =>
                {
                    edit?.Invoke(overlay);
                    if (node == A) _stateDirectory = (string)overlay["StateDirectory"]!;
                });
                DaemonProcess daemon = node.StartDaemon();
                daemon.WaitReady();
                if (node == A) Daemon = daemon;
                kernel.AddPeer(VxlanPeer.Read(node.LeaseFile));
            }

            foreach (Node node in new[] { A, B }) Cluster.WaitForPeers(node, 2);
            WaitForSavedPeer();
            foreach (Node peer in Peers)
            {
                WaitForPings(peer);
                _connections.Add(new OpenConnection(A.Pods[0], peer.Pods[0], peer.Pods[0].AddressV4!));
                _connections.Add(new OpenConnection(peer.Pods[0], A.Pods[0], A.Pods[0].AddressV6!));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    internal Node A => _lab["a"];

    internal Node B => _lab["b"];

    internal Node C => _lab["c"];

    internal string LeaseDirectory => _lab.LeaseDirectory;

    /// <summary>The daemon of a that runs now.</summary>
    internal BackgroundProcess Daemon { get; private set; } = null!;

    private IEnumerable<Node> Peers => [B, C];

    /// <summary>Starts a's daemon, as a service manager would after the one before has ended.</summary>
    internal void StartDaemon(Func<Node, BackgroundProcess>? start = null)
    {
        Daemon = start is null ? A.StartDaemon() : start(A);
        WaitUntilForwarding();
    }

    /// <summary>Runs packets both ways to both peers beside the deed, and tells what became of them.</summary>
    internal FaultFigures During(Action deed)
    {
        List<PacedFlow> flows = [];

        // A test before this one may have failed.
        if (Daemon.HasExited) StartDaemon();
        try
        {
            foreach (Pod peer in Peers.Select(static node => node.Pods[0]))
            {
                flows.Add(new(A.Pods[0], peer, peer.AddressV4!, PacketsPerSecond));
                flows.Add(new(peer, A.Pods[0], A.Pods[0].AddressV6!, PacketsPerSecond));
            }

            Thread.Sleep(_quiet);
            deed();
            Thread.Sleep(_quiet);
        }
        finally
        {
            _ = Parallel.ForEach(flows, static flow => flow.Dispose());
        }

        return new FaultFigures([.. flows.Select(static flow => flow.Stop())]);
    }

    /// <summary>
    /// Waits until all is as before the fault: every way answers, the connections of before go on, status has no problem,
    /// and no packet is lost any more.
    /// </summary>
    internal void ShouldRecover()
    {
        Daemon.HasExited.ShouldBeFalse(Daemon.Log);
        WaitUntilForwarding();
        foreach (Node peer in Peers) WaitForPings(peer);
        ShouldCarryOpenConnections();
        During(static () => { }).ShouldHaveLostNothing();
    }

    /// <summary>The connections of before carry bytes both ways.</summary>
    internal void ShouldCarryOpenConnections()
    {
        foreach (OpenConnection connection in _connections) connection.Exchange();
    }

    /// <summary>Waits until a has written down b's pod CIDR, so that it knows it after a crash.</summary>
    internal void WaitForSavedPeer() => Cluster.WaitForSavedPeer(_stateDirectory, B);

    /// <summary>Waits until status names a problem or warns with that text.</summary>
    internal void WaitForText(string list, string part) => Daemon.WaitUntil(
        () => Cluster.Texts(A, list).Any(text => text.Contains(part, StringComparison.Ordinal)),
        $"said \"{part}\" among its {list}");

    public void Dispose()
    {
        foreach (OpenConnection connection in _connections) connection.Dispose();
        _lab.Dispose();
    }

    private void WaitUntilForwarding() => Daemon.WaitUntil(
        () => AdminSocket.TryGet(A.Socket, "v1/status") is { } status
            && JsonDocument.Parse(status).RootElement is var report
            && report.GetProperty("state").GetString() == "forwarding"
            && report.GetProperty("problems").GetArrayLength() == 0,
        "forwarded without a problem", _recovery);

    private void WaitForPings(Node peer)
    {
        foreach (IPAddress address in peer.Pods[0].Addresses) A.Pods[0].WaitForPing(address);
    }
}
