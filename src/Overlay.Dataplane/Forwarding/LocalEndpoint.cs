using Overlay.Wire.Values;

namespace Overlay.Dataplane.Forwarding;

/// <summary>This node's end of every tunnel: the part of a <see cref="ForwardingTable"/> that names no peer.</summary>
/// <param name="Vtep">Source of the frames sent, destination of the frames accepted.</param>
/// <param name="UnderlayIndex">Interface index of the link that the tunnels leave by.</param>
/// <param name="PodMtu">
/// Bytes of the largest packet that every local pod's link takes; larger TCP packets are marked for segmentation, but for
/// those of a train, which are wire packets.
/// </param>
public sealed record LocalEndpoint(Vtep Vtep, int UnderlayIndex, int PodMtu)
{
    /// <summary>Of a node that has no tunnels; goes with a table without routes.</summary>
    internal static LocalEndpoint None { get; } = new(new Vtep(new Vni(0), default, 0), 0, 0);
}
