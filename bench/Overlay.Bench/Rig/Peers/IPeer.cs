using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Peers;

/// <summary>One way to join the nodes' pods. All of them get the same namespaces, one after the other.</summary>
internal interface IPeer
{
    string Name { get; }

    /// <summary>What it is, with the version that is measured.</summary>
    string Describe(LabNetwork lab);

    /// <summary>Joins the pods; whoever calls it waits until packets pass.</summary>
    void SetUp(LabNetwork lab);

    /// <summary>Removes everything, also after a set-up that failed half-way.</summary>
    void TearDown(LabNetwork lab);
}
