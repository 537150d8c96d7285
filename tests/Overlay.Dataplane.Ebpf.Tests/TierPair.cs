using Overlay.Dataplane.Ebpf.Lifecycle;
using Overlay.Dataplane.Tests;
using Overlay.Testing;

namespace Overlay.Dataplane.Ebpf.Tests;

/// <summary>Two nodes whose tiers know each other.</summary>
internal sealed class TierPair : IDisposable
{
    private readonly TwoNodes _nodes = new();
    private readonly BpfDirectory _pins = new();

    /// <param name="change">Of both tiers' options.</param>
    /// <param name="startsB">False: node b's tier is not attached.</param>
    public TierPair(Func<EbpfTierOptions, EbpfTierOptions>? change = null, bool startsB = true) =>
        _nodes.Guard(() => _pins.Guard(() =>
    {
        A = new TierEnd(
            _nodes.A, TestNode.A, options => (change?.Invoke(options) ?? options) with { PinDirectory = PinDirectory });
        B = new TierEnd(_nodes.B, TestNode.B, change);
        A.Start(TestNode.B);
        if (startsB) B.Start(TestNode.A);
        else B.Publish(TestNode.A);
    }));

    public TierEnd A { get; private set; } = null!;

    public TierEnd B { get; private set; } = null!;

    /// <summary>Node a's.</summary>
    public string PinDirectory => Path.Combine(_pins.Path, "network");

    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
        _pins.Dispose();
        _nodes.Dispose();
    }
}
