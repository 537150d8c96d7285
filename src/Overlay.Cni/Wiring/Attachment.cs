using Overlay.Cni.Protocol;
using Overlay.Wire.Values;

namespace Overlay.Cni.Wiring;

/// <summary>What was made for a pod's interface.</summary>
internal sealed record Attachment
{
    public required string BridgeName { get; init; }

    public required MacAddress BridgeMac { get; init; }

    public required string HostInterfaceName { get; init; }

    public required MacAddress HostMac { get; init; }

    public required string InterfaceName { get; init; }

    public required MacAddress Mac { get; init; }

    /// <summary>Path of the pod's network namespace.</summary>
    public required string Sandbox { get; init; }

    /// <summary>
    /// Those that lead by it, the default ones included; not those for which the pod had another route already.
    /// </summary>
    public required IReadOnlyList<PodRoute> Routes { get; init; }

    /// <summary>Bytes.</summary>
    public required uint Mtu { get; init; }
}
