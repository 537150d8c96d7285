using Overlay.EndToEnd.Tests.Restarts;

namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>The fate of the packets that flowed beside a fault.</summary>
/// <param name="Flows">Of each flow: both of b first, then both of c.</param>
internal sealed record FaultFigures(IReadOnlyList<FlowResult> Flows)
{
    /// <summary>The fault touches no packet.</summary>
    public void ShouldHaveLostNothing()
    {
        ShouldBeInOrder();
        Flows.ShouldAllBe(static flow => flow.Lost == 0, ToString());
    }

    /// <summary>The fault touches no packet to b or from it.</summary>
    public void ShouldHaveLostNothingOfFirstPeer() =>
        Flows.Take(Flows.Count / 2).ShouldAllBe(static flow => flow.Lost == 0, ToString());

    /// <summary>Packets may be lost, and are neither doubled nor overtaken.</summary>
    public void ShouldBeInOrder()
    {
        Flows.ShouldAllBe(static flow => flow.Sent > 0, ToString());
        Flows.ShouldAllBe(static flow => flow.Doubled == 0 && flow.Overtaken == 0, ToString());
    }

    public override string ToString() => string.Join("; ", Flows);
}
