namespace Overlay.Dataplane.Tests;

/// <summary>What a packet's TCP, UDP or ICMP checksum field holds.</summary>
public enum ChecksumState
{
    Complete,

    /// <summary>The pseudo-header's sum alone: the device was to do the rest.</summary>
    Partial,

    Wrong,

    /// <summary>Zero: in UDP the word for "none".</summary>
    Zero,
}
