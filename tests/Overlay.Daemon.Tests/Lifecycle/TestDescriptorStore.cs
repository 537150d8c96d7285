using Overlay.Daemon.Lifecycle;

namespace Overlay.Daemon.Tests;

/// <summary>Notes the descriptors that were to be kept last.</summary>
internal sealed class TestDescriptorStore : IDescriptorStore
{
    public InheritedNode? Kept { get; private set; }

    public InheritedNode? Take(NodePlan plan) => null;

    public void Keep(InheritedNode? node) => Kept = node;

    public void Forget() => Kept = null;
}
