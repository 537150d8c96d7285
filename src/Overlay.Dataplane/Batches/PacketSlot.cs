using Overlay.Wire;

namespace Overlay.Dataplane;

/// <summary>One packet of a <see cref="PacketBatch"/>: where its bytes are and what is known of it so far.</summary>
public struct PacketSlot
{
    /// <summary>First byte, counted from the start of the slot's buffer. Moves down as headers are prepended, up as they are taken off.</summary>
    public int Offset;

    /// <summary>Bytes from <see cref="Offset"/>.</summary>
    public int Length;

    /// <summary>Why the packet goes no further; <see cref="DropReason.None"/> while it does.</summary>
    public DropReason Verdict;

    /// <summary>Egress: which source port of the pool; equal within a flow.</summary>
    public uint FlowHash;

    /// <summary>ECN of the outer header: to be set (egress), as received (ingress).</summary>
    public Ecn OuterEcn;

    /// <summary>Egress: the peer to send to.</summary>
    public RemoteVtep? Remote;

    /// <summary>Ingress: the outer source address.</summary>
    public IpAddress OuterSource;

    /// <summary>What the TUN said of the packet (egress) or shall be told (ingress).</summary>
    public VirtioNetHeader Offload;
}
