namespace Overlay.Cni.Wiring;

/// <summary>The bridge the pods of this node are plugged into, and how a port of it behaves.</summary>
internal sealed record BridgeSettings
{
    public required string Name { get; init; }

    /// <summary>The bridge owns the gateway address of each range.</summary>
    public bool IsGateway { get; init; } = true;

    /// <summary>The pod's default routes lead to the bridge.</summary>
    public bool IsDefaultGateway { get; init; } = true;

    /// <summary>
    /// An address of another subnet on the bridge gives way to the gateway's, instead of failing the attachment.
    /// </summary>
    public bool ForceAddress { get; init; }

    /// <summary>
    /// A pod's packets may leave by the port they came in, as a Service that leads back to its caller needs.
    /// </summary>
    public bool HairpinMode { get; init; } = true;

    public bool PromiscuousMode { get; init; }
}
