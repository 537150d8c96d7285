using Overlay.EndToEnd.Tests.Shipping;
using Overlay.Lab.Topology;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Runtimes;

/// <summary>
/// Two nodes that run overlayd and know each other; the pods of a are the plugins' to make, and b has one.
/// </summary>
public sealed class PluginCluster : IDisposable
{
    private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "chain", PodsPerNode = 0 });

    public PluginCluster() => _lab.Guard(() =>
    {
        Remote = B.AddPod();
        Runtime = new PluginRuntime(A, PublishedPrograms.Directory);
        _ = _lab.StartDaemons();
        foreach (Node node in _lab.Nodes) Cluster.WaitForPeers(node, 1);
    });

    internal PluginRuntime Runtime { get; private set; } = null!;

    internal Node A => _lab["a"];

    internal Node B => _lab["b"];

    internal Pod Remote { get; private set; } = null!;

    public void Dispose() => _lab.Dispose();
}
