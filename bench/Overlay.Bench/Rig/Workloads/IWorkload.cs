using Overlay.Bench.Rig.Figures;
using Overlay.Bench.Rig.Peers;
using Overlay.Lab;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Workloads;

/// <summary>One kind of traffic from a pod of one node to a pod of the other.</summary>
internal interface IWorkload
{
    string Name { get; }

    /// <summary>What is measured, once a metric, between pods that the peer has joined.</summary>
    IReadOnlyList<Measurement> Measure(IPeer peer, Pod from, Pod to, TimeSpan duration);
}
