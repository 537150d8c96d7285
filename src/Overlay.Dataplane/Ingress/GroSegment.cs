using System.Buffers.Binary;
using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Ingress;

/// <summary>
/// A TCP or UDP packet as a <see cref="Coalescer"/> sees it: which flow, what must be equal, what may differ.
/// </summary>
/// <remarks>
/// The rules are the kernel's for GRO (net/ipv4/tcp_offload.c, udp_offload.c), less what it allows for hardware's sake.
/// </remarks>
internal readonly ref struct GroSegment
{
    private readonly InnerPacket _inner;

    private GroSegment(InnerPacket inner)
    {
        _inner = inner;
        ReadOnlySpan<byte> segment = inner.Segment;
        IsTcp = inner.Protocol == IpProtocol.Tcp;
        int minimum = IsTcp ? TcpHeader.MinLength : UdpHeader.HeaderLength;
        bool fits = segment.Length >= minimum;
        int transportLength = !fits ? segment.Length : IsTcp ? segment[TcpHeader.DataOffsetOffset] >> 4 << 2 : minimum;
        HeaderLength = inner.Transport + transportLength;
        HasPorts = segment.Length >= sizeof(uint);
        CanJoin = fits && HasPlainIpHeader && PayloadLength > 0 && (IsTcp ? IsPlainTcp : IsPlainUdp);
    }

    public bool IsTcp { get; }

    /// <summary>Bytes of IP and transport headers.</summary>
    public int HeaderLength { get; }

    public int PayloadLength => _inner.Bytes.Length - HeaderLength;

    public bool HasPorts { get; }

    /// <summary>
    /// May lead a super-packet, or be appended to one: headers without anything out of the ordinary, and a payload.
    /// </summary>
    public bool CanJoin { get; }

    public uint Sequence => BinaryPrimitives.ReadUInt32BigEndian(_inner.Segment[TcpHeader.SequenceOffset..]);

    /// <summary>TCP: what was sent ends here for now; nothing is appended behind it.</summary>
    public bool IsPushed => IsTcp && (_inner.Segment[TcpHeader.FlagsOffset] & TcpFlags.Psh) != 0;

    /// <summary>Source and destination address.</summary>
    private ReadOnlySpan<byte> Addresses => _inner.IsIpv4
        ? _inner.Bytes[Ipv4Header.SourceOffset..Ipv4Header.MinLength]
        : _inner.Bytes[Ipv6Header.SourceOffset..Ipv6Header.Length];

    private uint Ports => BinaryPrimitives.ReadUInt32BigEndian(_inner.Segment);

    private bool HasPlainIpHeader => _inner.Transport == (_inner.IsIpv4 ? Ipv4Header.MinLength : Ipv6Header.Length);

    private bool IsPlainTcp =>
        HeaderLength >= _inner.Transport + TcpHeader.MinLength
        && (_inner.Segment[TcpHeader.FlagsOffset] & ~(TcpFlags.Psh | TcpFlags.Ece)) == TcpFlags.Ack;

    private bool IsPlainUdp =>
        BinaryPrimitives.ReadUInt16BigEndian(_inner.Segment[UdpHeader.LengthOffset..]) == _inner.Segment.Length
        && BinaryPrimitives.ReadUInt16BigEndian(_inner.Segment[UdpHeader.ChecksumOffset..]) != 0;

    /// <summary>False for what is neither TCP nor UDP, or a fragment.</summary>
    public static bool TryRead(Span<byte> packet, in PacketSlot slot, out GroSegment segment)
    {
        segment = default;
        if (slot.Transport == 0 || slot.Protocol is not (IpProtocol.Tcp or IpProtocol.Udp)) return false;
        segment = new GroSegment(InnerPacket.Of(packet, slot));
        return segment.HasPorts;
    }

    /// <summary>Equal addresses, protocol and ports.</summary>
    public bool IsOfFlow(in GroSegment other) =>
        IsTcp == other.IsTcp
            && _inner.IsIpv4 == other._inner.IsIpv4 && Ports == other.Ports && Addresses.SequenceEqual(other.Addresses);

    /// <summary>Equal in every header field that one super-packet has only one of.</summary>
    public bool IsLike(in GroSegment head)
    {
        if (HeaderLength != head.HeaderLength) return false;
        bool isSameIp = _inner.IsIpv4
            ? IsLikeIpv4(_inner.Bytes, head._inner.Bytes)
            : IsLikeIpv6(_inner.Bytes, head._inner.Bytes);
        return isSameIp && (!IsTcp || IsLikeTcp(
            _inner.Bytes[_inner.Transport..HeaderLength], head._inner.Bytes[_inner.Transport..HeaderLength]));
    }

    private static bool IsLikeIpv4(ReadOnlySpan<byte> ours, ReadOnlySpan<byte> theirs) =>
        ours[Ipv4Header.TosOffset] == theirs[Ipv4Header.TosOffset]
        && ours[Ipv4Header.TtlOffset] == theirs[Ipv4Header.TtlOffset]
        && ours.Slice(Ipv4Header.FragmentOffset, sizeof(ushort))
            .SequenceEqual(theirs.Slice(Ipv4Header.FragmentOffset, sizeof(ushort)));

    // The first four bytes are version, traffic class and flow label.
    private static bool IsLikeIpv6(ReadOnlySpan<byte> ours, ReadOnlySpan<byte> theirs) =>
        ours[Ipv6Header.HopLimitOffset] == theirs[Ipv6Header.HopLimitOffset]
        && ours[..Ipv6Header.PayloadLengthOffset].SequenceEqual(theirs[..Ipv6Header.PayloadLengthOffset]);

    // All but ports, sequence number, PSH and checksum: acknowledgment, data offset, window, urgent pointer, options.
    private static bool IsLikeTcp(ReadOnlySpan<byte> ours, ReadOnlySpan<byte> theirs)
    {
        const int Window = TcpHeader.FlagsOffset + 1;
        const int Urgent = TcpHeader.ChecksumOffset + sizeof(ushort);
        return ((ours[TcpHeader.FlagsOffset] ^ theirs[TcpHeader.FlagsOffset]) & ~TcpFlags.Psh) == 0
            && ours[TcpHeader.AcknowledgmentOffset..TcpHeader.FlagsOffset]
                .SequenceEqual(theirs[TcpHeader.AcknowledgmentOffset..TcpHeader.FlagsOffset])
            && ours[Window..TcpHeader.ChecksumOffset].SequenceEqual(theirs[Window..TcpHeader.ChecksumOffset])
            && ours[Urgent..].SequenceEqual(theirs[Urgent..]);
    }

    /// <summary>
    /// The transport checksum is right, or only the pseudo-header's sum, as the offload header then says.
    /// </summary>
    public bool IsChecksumRight(in VirtioNetHeader offload) =>
        (offload.Flags & VirtioNetHeader.NeedsChecksum) != 0
        || InternetChecksum.Fold(
            _inner.PseudoHeader(_inner.Segment.Length) + InternetChecksum.Sum(_inner.Segment)) == 0xffff;

    /// <summary>Marks the super-packet that this one leads as pushed.</summary>
    public void Push() => _inner.Segment[TcpHeader.FlagsOffset] |= TcpFlags.Psh;

    /// <summary>Makes this packet's headers those of a super-packet.</summary>
    /// <param name="length">Bytes of the whole IP packet.</param>
    /// <param name="segmentSize">Payload bytes of each segment.</param>
    /// <returns>What the TUN has to be told.</returns>
    public VirtioNetHeader Lead(int length, int segmentSize)
    {
        int checksumOffset = Describe(length);
        byte type = !IsTcp
            ? VirtioNetHeader.GsoUdpL4
            : _inner.IsIpv4 ? VirtioNetHeader.GsoTcpv4 : VirtioNetHeader.GsoTcpv6;
        return OffloadInference.Super(
            type, _inner.Transport, HeaderLength - _inner.Transport, segmentSize, checksumOffset);
    }

    /// <summary>Undoes <see cref="Lead"/> and <see cref="Push"/>: a packet that led was not pushed itself.</summary>
    /// <returns>What the TUN has to be told of the packet alone.</returns>
    public VirtioNetHeader Part()
    {
        int checksumOffset = Describe(_inner.Bytes.Length);
        if (IsTcp) _inner.Segment[TcpHeader.FlagsOffset] &= unchecked((byte)~TcpFlags.Psh);
        return OffloadInference.Partial(_inner.Transport, checksumOffset);
    }

    // Length fields and IP checksum for a packet of that length; of the transport checksum the pseudo-header's sum.
    private int Describe(int length)
    {
        Span<byte> packet = _inner.Bytes;
        if (_inner.IsIpv4)
        {
            ushort before = BinaryPrimitives.ReadUInt16BigEndian(packet[Ipv4Header.TotalLengthOffset..]);
            ushort checksum = BinaryPrimitives.ReadUInt16BigEndian(packet[Ipv4Header.ChecksumOffset..]);
            BinaryPrimitives.WriteUInt16BigEndian(packet[Ipv4Header.TotalLengthOffset..], (ushort)length);
            BinaryPrimitives.WriteUInt16BigEndian(
                packet[Ipv4Header.ChecksumOffset..], InternetChecksum.Update(checksum, before, (ushort)length));
        }
        else
            BinaryPrimitives.WriteUInt16BigEndian(
                packet[Ipv6Header.PayloadLengthOffset..], (ushort)(length - Ipv6Header.Length));

        Span<byte> segment = _inner.Segment;
        int segmentLength = length - _inner.Transport;
        int checksumOffset = IsTcp ? TcpHeader.ChecksumOffset : UdpHeader.ChecksumOffset;
        if (!IsTcp) BinaryPrimitives.WriteUInt16BigEndian(segment[UdpHeader.LengthOffset..], (ushort)segmentLength);
        BinaryPrimitives.WriteUInt16BigEndian(segment[checksumOffset..], (ushort)_inner.PseudoHeader(segmentLength));
        return checksumOffset;
    }
}
