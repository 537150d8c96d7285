namespace Overlay.Cni;

/// <summary>Plugs pods into a bridge of the node, and out again.</summary>
public static class BridgeNetwork
{
    /// <summary>Makes the bridge if it is missing, the veth pair, addresses and routes, and brings the pod's loopback up; all or nothing.</summary>
    /// <exception cref="CniException">Something could not be made; what was made before it is undone.</exception>
    public static Attachment Attach(AttachmentRequest request) =>
        throw new CniException(CniErrorCode.Wiring, $"{request.InterfaceName} cannot be made: this build has no wiring");

    /// <summary>Removes the pair. Nothing there is a success.</summary>
    /// <param name="networkNamespacePath">Null, empty, gone or no namespace: the pair is looked for by the host's side alone.</param>
    /// <param name="interfaceName">In the pod.</param>
    /// <param name="hostInterfaceName">In the namespace of the node.</param>
    /// <exception cref="CniException">The pair is there and cannot be removed.</exception>
    public static void Detach(string? networkNamespacePath, string interfaceName, string hostInterfaceName)
    {
    }

    /// <summary>Compares what is there with what was asked for; what later plugins of a chain have added is no difference.</summary>
    /// <exception cref="CniException">Names what differs.</exception>
    public static void Check(AttachmentRequest request) =>
        throw new CniException(CniErrorCode.Differs, $"{request.InterfaceName} cannot be looked at: this build has no wiring");
}
