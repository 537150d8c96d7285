using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Packets;

/// <summary>One packet of a <see cref="PacketBatch"/>: where its bytes are and what is known of it so far.</summary>
/// <remarks>
/// <para>
/// A packet is one piece of the batch's memory, or two: a segment of a super-packet has headers of its own and its
/// payload where the super-packet was read.
/// </para>
/// <para>
/// Fields of one direction stand beside those of both, not in a struct for each: side by side they take 48 bytes, with
/// the padding of two nested structs 56, for each of thousands of slots.
/// </para>
/// </remarks>
public struct PacketSlot
{
    /// <summary>
    /// First byte in <see cref="PacketBatch.Memory"/>. Moves down as headers are prepended, up as they are taken off.
    /// </summary>
    public int Offset;

    /// <summary>Bytes from <see cref="Offset"/>.</summary>
    public int Length;

    /// <summary>First byte of the second piece in <see cref="PacketBatch.Memory"/>.</summary>
    public int PayloadOffset;

    /// <summary>Bytes of the second piece; 0 where there is only one.</summary>
    public int PayloadLength;

    /// <summary>Egress: the peer to send to. Ingress: the peer that has sent it; null where no peer has.</summary>
    public RemoteVtep? Remote;

    /// <summary>Egress: which source port of the pool; equal within a flow.</summary>
    public uint FlowHash;

    /// <summary>Ingress: the slot whose payload follows this one's in the same write, or <see cref="None"/>.</summary>
    public int Next;

    /// <summary>Ingress: what the TUN shall be told of the packet.</summary>
    public VirtioNetHeader Offload;

    /// <summary>
    /// Ingress: where the TCP or UDP header is, counted from <see cref="Offset"/>; 0 in a fragment, or with another
    /// protocol.
    /// </summary>
    public ushort Transport;

    /// <summary>Ingress: IP protocol of the header at <see cref="Transport"/>.</summary>
    public byte Protocol;

    /// <summary>Ingress: written with an earlier slot, which leads here by <see cref="Next"/>.</summary>
    public bool IsAppended;

    /// <summary>Egress: ECN of the outer header.</summary>
    public Ecn OuterEcn;

    /// <summary>Why the packet goes no further; <see cref="DropReason.None"/> while it does.</summary>
    public DropReason Verdict;

    /// <summary>No slot: the value of <see cref="Next"/> at the end of a chain.</summary>
    public const int None = -1;

    /// <summary>Bytes of both pieces.</summary>
    public readonly int TotalLength => Length + PayloadLength;
}
