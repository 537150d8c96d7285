namespace Overlay.Dataplane.Packets;

/// <summary>The outer source ports of tunnels: the flow selects the port, so that the underlay can tell flows apart.</summary>
public static class SourcePorts
{
    /// <summary>Ports that each underlay address sends from; a power of two.</summary>
    public const int Count = 16;

    /// <summary>The number of the port that a flow has.</summary>
    /// <param name="flowHash">As <see cref="FlowHash"/> makes it.</param>
    public static int IndexOf(uint flowHash) => (int)(flowHash & (Count - 1));
}
