using Overlay.Cni.Protocol;
using Overlay.Pods.Allocations;
using Overlay.Wire.Values;

namespace Overlay.Cni.Wiring;

/// <summary>One pod's interface on the bridge, as it is to be.</summary>
internal sealed record AttachmentRequest
{
    public required string ContainerId { get; init; }

    public required string NetworkNamespacePath { get; init; }

    /// <summary>In the pod, such as <c>eth0</c>.</summary>
    public required string InterfaceName { get; init; }

    /// <summary>The other end of the veth pair, in the namespace of the node.</summary>
    public required string HostInterfaceName { get; init; }

    public required BridgeSettings Bridge { get; init; }

    /// <summary>Bytes of the largest packet; 0 = the kernel's default.</summary>
    public uint Mtu { get; init; }

    /// <summary>The pod side's, or null for one the wiring chooses.</summary>
    public MacAddress? Mac { get; init; }

    public IReadOnlyList<PodAddress> Addresses { get; init; } = [];

    /// <summary>Addresses of the bridge that may go, or stay beside the gateways'.</summary>
    public FormerPodCidrs Former { get; init; } = FormerPodCidrs.None;

    /// <summary>Without the default routes, which <see cref="BridgeSettings.IsDefaultGateway"/> asks for.</summary>
    public IReadOnlyList<PodRoute> Routes { get; init; } = [];

    /// <summary>Most segments of one super-packet from the pod (gso_max_segs); 0 = the kernel's default.</summary>
    public uint SegmentLimit { get; init; }
}
