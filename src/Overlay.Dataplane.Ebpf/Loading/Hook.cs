namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>Where on a device a program runs.</summary>
public enum Hook
{
    /// <summary>Packets that the device has received, before the network layer.</summary>
    Ingress,

    /// <summary>Packets that the network layer has routed to the device, before its queue.</summary>
    Egress,
}
