using Overlay.Lab.Topology;

namespace Overlay.Testing;

/// <summary>Two namespaces on one link, for tests that need a kernel to themselves.</summary>
public sealed class TwoNodes : IDisposable
{
    private readonly LabNetwork _lab = LabNetwork.Create(new LabOptions { Name = "linux", PodsPerNode = 0 });

    public Node A => _lab["a"];

    public Node B => _lab["b"];

    public void Dispose() => _lab.Dispose();
}
