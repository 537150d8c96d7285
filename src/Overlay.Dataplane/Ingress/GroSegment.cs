using System.Buffers.Binary;
using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ingress;

/// <summary>A TCP or UDP packet as a <see cref="Coalescer"/> sees it: which flow, what must be equal, what may differ.</summary>
/// <remarks>The rules are the kernel's for GRO (net/ipv4/tcp_offload.c, udp_offload.c), less what it allows for hardware's sake.</remarks>
internal readonly ref struct GroSegment
{
    private const int TcpFlagsOffset = 13;
    private const byte Psh = 0x08;
    private const byte Ack = 0x10;
    private const byte Ece = 0x40;

    private readonly Span<byte> _packet;
    private readonly int _transport;

    private GroSegment(Span<byte> packet, int transport, bool isTcp)
    {
        _packet = packet;
        _transport = transport;
        IsTcp = isTcp;
        int minimum = isTcp ? TcpHeader.MinLength : UdpHeader.HeaderLength;
        bool fits = packet.Length >= transport + minimum;
        HeaderLength = !fits ? packet.Length : isTcp ? transport + (packet[transport + 12] >> 4 << 2) : transport + minimum;
        HasPorts = packet.Length >= transport + sizeof(uint);
        CanJoin = fits && HasPlainIpHeader && PayloadLength > 0 && (isTcp ? IsPlainTcp : IsPlainUdp);
    }

    public bool IsTcp { get; }

    public bool IsIpv4 => _packet[0] >> 4 == 4;

    /// <summary>Bytes of IP and transport headers.</summary>
    public int HeaderLength { get; }

    public int PayloadLength => _packet.Length - HeaderLength;

    public bool HasPorts { get; }

    /// <summary>May lead a super-packet, or be appended to one: headers without anything out of the ordinary, and a payload.</summary>
    public bool CanJoin { get; }

    public uint Sequence => BinaryPrimitives.ReadUInt32BigEndian(_packet[(_transport + 4)..]);

    /// <summary>TCP: what was sent ends here for now; nothing is appended behind it.</summary>
    public bool IsPushed => IsTcp && (_packet[_transport + TcpFlagsOffset] & Psh) != 0;

    /// <summary>The IP addresses, transport protocol and ports.</summary>
    private ReadOnlySpan<byte> Addresses => IsIpv4 ? _packet[12..20] : _packet[8..40];

    private uint Ports => BinaryPrimitives.ReadUInt32BigEndian(_packet[_transport..]);

    private bool HasPlainIpHeader => _transport == (IsIpv4 ? Ipv4Header.MinLength : Ipv6Header.Length);

    private bool IsPlainTcp =>
        HeaderLength >= _transport + TcpHeader.MinLength && (_packet[_transport + TcpFlagsOffset] & ~(Psh | Ece)) == Ack;

    private bool IsPlainUdp =>
        BinaryPrimitives.ReadUInt16BigEndian(_packet[(_transport + 4)..]) == _packet.Length - _transport
        && BinaryPrimitives.ReadUInt16BigEndian(_packet[(_transport + UdpHeader.ChecksumOffset)..]) != 0;

    /// <summary>False for what is neither TCP nor UDP, or a fragment.</summary>
    public static bool TryRead(Span<byte> packet, in PacketSlot slot, out GroSegment segment)
    {
        segment = default;
        if (slot.Transport == 0 || slot.Protocol is not (IpProtocol.Tcp or IpProtocol.Udp)) return false;
        segment = new GroSegment(packet, slot.Transport, slot.Protocol == IpProtocol.Tcp);
        return segment.HasPorts;
    }

    /// <summary>Equal addresses, protocol and ports.</summary>
    public bool IsOfFlow(in GroSegment other) =>
        IsTcp == other.IsTcp && IsIpv4 == other.IsIpv4 && Ports == other.Ports && Addresses.SequenceEqual(other.Addresses);

    /// <summary>Equal in every header field that one super-packet has only one of.</summary>
    public bool IsLike(in GroSegment head)
    {
        if (HeaderLength != head.HeaderLength) return false;
        bool isSameIp = IsIpv4
            ? _packet[1] == head._packet[1] && _packet[8] == head._packet[8] && _packet[6..8].SequenceEqual(head._packet[6..8])
            : _packet[7] == head._packet[7] && _packet[..4].SequenceEqual(head._packet[..4]);
        if (!isSameIp || !IsTcp) return isSameIp;

        ReadOnlySpan<byte> ours = _packet[_transport..HeaderLength];
        ReadOnlySpan<byte> theirs = head._packet[head._transport..head.HeaderLength];
        return ((ours[TcpFlagsOffset] ^ theirs[TcpFlagsOffset]) & ~Psh) == 0
            && ours[8..TcpFlagsOffset].SequenceEqual(theirs[8..TcpFlagsOffset])
            && ours[(TcpFlagsOffset + 1)..TcpHeader.ChecksumOffset].SequenceEqual(theirs[(TcpFlagsOffset + 1)..TcpHeader.ChecksumOffset])
            && ours[(TcpHeader.ChecksumOffset + 2)..].SequenceEqual(theirs[(TcpHeader.ChecksumOffset + 2)..]);
    }

    /// <summary>The transport checksum is right, or only the pseudo-header's sum, as the offload header then says.</summary>
    public bool IsChecksumRight(in VirtioNetHeader offload) =>
        (offload.Flags & VirtioNetHeader.NeedsChecksum) != 0
        || InternetChecksum.Fold(PseudoHeader(_packet.Length) + InternetChecksum.Sum(_packet[_transport..])) == 0xffff;

    /// <summary>Marks the super-packet that this one leads as pushed.</summary>
    public void Push() => _packet[_transport + TcpFlagsOffset] |= Psh;

    /// <summary>Makes this packet's headers those of a super-packet.</summary>
    /// <param name="length">Bytes of the whole IP packet.</param>
    /// <param name="segmentSize">Payload bytes of each segment.</param>
    /// <returns>What the TUN has to be told.</returns>
    public VirtioNetHeader Lead(int length, int segmentSize)
    {
        if (IsIpv4)
        {
            ushort before = BinaryPrimitives.ReadUInt16BigEndian(_packet[2..]);
            ushort checksum = BinaryPrimitives.ReadUInt16BigEndian(_packet[10..]);
            BinaryPrimitives.WriteUInt16BigEndian(_packet[2..], (ushort)length);
            BinaryPrimitives.WriteUInt16BigEndian(_packet[10..], InternetChecksum.Update(checksum, before, (ushort)length));
        }
        else BinaryPrimitives.WriteUInt16BigEndian(_packet[4..], (ushort)(length - Ipv6Header.Length));

        int checksumOffset = IsTcp ? TcpHeader.ChecksumOffset : UdpHeader.ChecksumOffset;
        if (!IsTcp) BinaryPrimitives.WriteUInt16BigEndian(_packet[(_transport + 4)..], (ushort)(length - _transport));
        BinaryPrimitives.WriteUInt16BigEndian(_packet[(_transport + checksumOffset)..], (ushort)PseudoHeader(length));
        byte type = !IsTcp ? VirtioNetHeader.GsoUdpL4 : IsIpv4 ? VirtioNetHeader.GsoTcpv4 : VirtioNetHeader.GsoTcpv6;
        return OffloadInference.Super(type, _transport, HeaderLength - _transport, segmentSize, checksumOffset);
    }

    private uint PseudoHeader(int length)
    {
        byte protocol = IsTcp ? IpProtocol.Tcp : IpProtocol.Udp;
        return IsIpv4
            ? InternetChecksum.PseudoHeader(Ipv4Address.Read(_packet[12..]), Ipv4Address.Read(_packet[16..]), protocol, length - _transport)
            : InternetChecksum.PseudoHeader(Ipv6Address.Read(_packet[8..]), Ipv6Address.Read(_packet[24..]), protocol, length - _transport);
    }
}
