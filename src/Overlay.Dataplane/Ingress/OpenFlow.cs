namespace Overlay.Dataplane.Ingress;

/// <summary>A flow of which a <see cref="Coalescer"/> may join more packets to one it has seen.</summary>
internal struct OpenFlow
{
    /// <summary>The slot that is written, with all that is appended to it.</summary>
    public int Head;

    /// <summary>The slot appended last; the head itself while nothing is.</summary>
    public int Tail;

    /// <summary>Payload bytes of each segment.</summary>
    public int SegmentSize;

    /// <summary>Packets joined, the head included.</summary>
    public int Count;

    /// <summary>Bytes of the joined IP packet.</summary>
    public int Length;

    /// <summary>TCP: the sequence number that comes next.</summary>
    public uint NextSequence;

    /// <summary>The head's checksum has been looked at and is right.</summary>
    public bool IsVerified;

    /// <summary>Nothing more is to be joined: the last segment was short, or ended with PSH.</summary>
    public bool IsClosed;
}
