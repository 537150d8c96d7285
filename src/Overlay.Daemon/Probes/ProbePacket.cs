// Probe: the payload of a UDP packet to ProbePacket.Port of a node's inner address; integers are big-endian
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                      Magic: "OVPR" (4f 56 50 52)              |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |  Version (1)  |     Kind      |           Reserved (0)        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                     Session, random (64 bits)                 |
//  |                                                               |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |        Time of sending by the asker's clock (64 bits)         |
//  |                                                               |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                           Sequence                            |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |          Padding, zeros: up to the size that is probed        |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

using System.Buffers.Binary;

namespace Overlay.Daemon.Probes;

/// <summary>A probe between two daemons: a question, or the same bytes as an answer.</summary>
/// <param name="Kind">Question or answer.</param>
/// <param name="Session">The number of an asker's run against one peer.</param>
/// <param name="Sent">The asker's monotonic clock at sending; means nothing to the peer.</param>
/// <param name="Sequence">The number of the probe in its session.</param>
internal readonly record struct ProbePacket(ProbeKind Kind, ulong Session, long Sent, uint Sequence)
{
    /// <summary>The UDP port that daemons answer at, on their inner addresses alone.</summary>
    /// <remarks>
    /// The neighbour of VXLAN's 8472, which an operator knows already: one rule of a packet filter can name both. The
    /// number is the same on all nodes by necessity, so no configuration can set it apart.
    /// </remarks>
    public const ushort Port = 8473;

    /// <summary>Bytes without padding.</summary>
    public const int Length = 28;

    private const uint Magic = 0x4f56_5052;
    private const byte Version = 1;
    private const int VersionOffset = 4;
    private const int KindOffset = 5;
    private const int ReservedOffset = 6;
    private const int SessionOffset = 8;
    private const int SentOffset = 16;
    private const int SequenceOffset = 24;

    /// <summary>False unless the bytes begin with a probe of this version.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ProbePacket probe)
    {
        probe = default;
        if (bytes.Length < Length || BinaryPrimitives.ReadUInt32BigEndian(bytes) != Magic
            || bytes[VersionOffset] != Version
            || bytes[KindOffset] is not ((byte)ProbeKind.Question or (byte)ProbeKind.Answer)
            || BinaryPrimitives.ReadUInt16BigEndian(bytes[ReservedOffset..]) != 0) return false;
        probe = new ProbePacket(
            (ProbeKind)bytes[KindOffset], BinaryPrimitives.ReadUInt64BigEndian(bytes[SessionOffset..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[SentOffset..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[SequenceOffset..]));
        return true;
    }

    /// <summary>Writes the probe, and zeros behind it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The destination is shorter than the probe.</exception>
    public void Write(Span<byte> destination)
    {
        destination[Length..].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(destination, Magic);
        destination[VersionOffset] = Version;
        destination[KindOffset] = (byte)Kind;
        BinaryPrimitives.WriteUInt16BigEndian(destination[ReservedOffset..], 0);
        BinaryPrimitives.WriteUInt64BigEndian(destination[SessionOffset..], Session);
        BinaryPrimitives.WriteInt64BigEndian(destination[SentOffset..], Sent);
        BinaryPrimitives.WriteUInt32BigEndian(destination[SequenceOffset..], Sequence);
    }

    /// <summary>Turns a question that was read into its answer, in place: as long as the question.</summary>
    public static void MakeAnswer(Span<byte> question) => question[KindOffset] = (byte)ProbeKind.Answer;
}

/// <summary>The two directions of a probe.</summary>
internal enum ProbeKind : byte
{
    Question = 1,
    Answer = 2,
}
