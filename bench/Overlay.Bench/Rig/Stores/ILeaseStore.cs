using System.Text.Json.Nodes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.Bench.Rig.Stores;

/// <summary>
/// A store that one node's daemon has its leases in, and that the rig writes the other node's lease into.
/// </summary>
/// <remarks>Disposing it ends it and removes what it left, also after a start that failed half-way.</remarks>
internal interface ILeaseStore : IDisposable
{
    /// <summary>Starts it on the node, with nothing in it but what the node's daemon needs.</summary>
    void Start(Node node, Node other);

    /// <summary>Section "Overlay" of the node's configuration, edited so that its leases are here.</summary>
    void Configure(JsonObject overlay);

    /// <summary>Writes the other node's lease.</summary>
    void Publish(VxlanPeer lease);

    /// <summary>Takes the other node's lease out.</summary>
    void Withdraw(VxlanPeer lease);
}
