using System.Buffers.Binary;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;

namespace Overlay.Dataplane.Offload;

/// <summary>Cuts a TCP or UDP super-packet into what its sender's device would have put on the wire.</summary>
/// <remarks>
/// Only headers are written; payloads stay where they are. Each segment's headers are those of the super-packet with
/// lengths, IPv4 identification, sequence number, flags and checksums of its own, as tcp_gso_segment and
/// __udp_gso_segment make them (net/ipv4/tcp_offload.c, udp_offload.c).
/// </remarks>
public readonly ref struct Segmenter
{
    private const byte Fin = 0x01;
    private const byte Psh = 0x08;
    private const byte Cwr = 0x80;
    private const int TcpFlagsOffset = 13;
    private const int TcpSequenceOffset = 4;

    private readonly int _packetLength;
    private readonly int _transport;
    private readonly bool _isIpv4;
    private readonly bool _isTcp;

    // What all segments have in common, summed once: the rest is added for each.
    private readonly uint _ipSum;
    private readonly uint _transportSum;

    private Segmenter(ReadOnlySpan<byte> packet, int transport, bool isIpv4, bool isTcp, int headerLength, int segmentSize, uint pseudoHeader)
    {
        _packetLength = packet.Length;
        _transport = transport;
        _isIpv4 = isIpv4;
        _isTcp = isTcp;
        HeaderLength = headerLength;
        SegmentSize = segmentSize;
        Count = (packet.Length - headerLength + segmentSize - 1) / segmentSize;

        Span<byte> header = stackalloc byte[MaxHeaderLength];
        packet[..headerLength].CopyTo(header);
        if (isIpv4)
        {
            ClearIpv4(header);
            _ipSum = InternetChecksum.Sum(header[..transport]);
        }

        header = header[transport..headerLength];
        if (isTcp)
        {
            header.Slice(TcpSequenceOffset, sizeof(uint)).Clear();
            header[TcpFlagsOffset] = 0;
            header.Slice(TcpHeader.ChecksumOffset, sizeof(ushort)).Clear();
        }
        else header[sizeof(uint)..].Clear();

        _transportSum = pseudoHeader + InternetChecksum.Sum(header);
    }

    /// <summary>Most bytes of IP and transport headers: an IPv6 header with some 200 bytes of extensions, and TCP's 60.</summary>
    public const int MaxHeaderLength = 304;

    /// <summary>Segments the super-packet makes.</summary>
    public int Count { get; }

    /// <summary>Bytes of a segment's IP and transport headers.</summary>
    public int HeaderLength { get; }

    /// <summary>Payload bytes of each segment; the last may have fewer.</summary>
    public int SegmentSize { get; }

    /// <summary>Reads a super-packet's headers.</summary>
    /// <param name="packet">An IP packet whose header parses, without padding.</param>
    /// <param name="offload">What the device that handed it over said of it.</param>
    /// <param name="segmenter">Valid when true is returned.</param>
    /// <returns>False for what is no TCP or UDP super-packet, whatever its device says.</returns>
    public static bool TryCreate(ReadOnlySpan<byte> packet, in VirtioNetHeader offload, out Segmenter segmenter)
    {
        segmenter = default;
        bool isTcp = (offload.GsoType & ~VirtioNetHeader.GsoEcn) is VirtioNetHeader.GsoTcpv4 or VirtioNetHeader.GsoTcpv6;
        if (!isTcp && offload.GsoType != VirtioNetHeader.GsoUdpL4) return false;
        if (offload.GsoSize == 0 || (offload.Flags & VirtioNetHeader.NeedsChecksum) == 0) return false;
        byte expected = isTcp ? IpProtocol.Tcp : IpProtocol.Udp;

        // Lengths differ from segment to segment; the pseudo-header without one is common to all.
        uint pseudoHeader;
        int transport;
        bool isIpv4 = packet[0] >> 4 == 4;
        if (isIpv4)
        {
            if (!Ipv4Header.TryParse(packet, out Ipv4Header ip) || ip.IsFragment || ip.Protocol != expected) return false;
            transport = ip.HeaderLength;
            pseudoHeader = InternetChecksum.PseudoHeader(ip.Source, ip.Destination, expected, 0);
        }
        else
        {
            if (!Ipv6Header.TryParse(packet, out Ipv6Header ip)
                || !ip.TryFindUpperLayer(out byte protocol, out transport, out bool isFragment)
                || isFragment || protocol != expected) return false;
            pseudoHeader = InternetChecksum.PseudoHeader(ip.Source, ip.Destination, expected, 0);
        }

        int headerLength;
        if (isTcp)
        {
            if (!TcpHeader.TryParse(packet[transport..], out TcpHeader tcp)) return false;
            headerLength = transport + tcp.HeaderLength;
        }
        else headerLength = transport + UdpHeader.HeaderLength;

        if (headerLength > MaxHeaderLength || packet.Length <= headerLength) return false;
        segmenter = new Segmenter(packet, transport, isIpv4, isTcp, headerLength, offload.GsoSize, pseudoHeader);
        return true;
    }

    /// <summary>Payload bytes of that segment.</summary>
    public int PayloadLength(int index) => Math.Min(SegmentSize, _packetLength - HeaderLength - (index * SegmentSize));

    /// <summary>Turns a copy of the super-packet's headers into that segment's.</summary>
    /// <param name="header">The copy, <see cref="HeaderLength"/> bytes or more.</param>
    /// <param name="index">Which segment, from 0.</param>
    /// <param name="packet">The super-packet, for the payload's sum.</param>
    public void WriteHeader(Span<byte> header, int index, ReadOnlySpan<byte> packet)
    {
        int payloadLength = PayloadLength(index);
        WriteIp(header, index, HeaderLength + payloadLength);

        header = header[_transport..HeaderLength];
        int length = header.Length + payloadLength;
        uint sum = _transportSum + (uint)length
            + InternetChecksum.Sum(packet.Slice(HeaderLength + (index * SegmentSize), payloadLength));
        if (_isTcp) WriteTcp(header, index, sum);
        else WriteUdp(header, (ushort)length, sum);
    }

    private static void ClearIpv4(Span<byte> header)
    {
        header[2..6].Clear();
        header[10..12].Clear();
    }

    private void WriteIp(Span<byte> header, int index, int length)
    {
        if (!_isIpv4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)(length - Ipv6Header.Length));
            return;
        }

        ushort identification = (ushort)(BinaryPrimitives.ReadUInt16BigEndian(header[4..]) + index);
        BinaryPrimitives.WriteUInt16BigEndian(header[2..], (ushort)length);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], identification);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Finish(_ipSum + (uint)length + identification));
    }

    private void WriteTcp(Span<byte> header, int index, uint sum)
    {
        uint sequence = BinaryPrimitives.ReadUInt32BigEndian(header[TcpSequenceOffset..]) + (uint)(index * SegmentSize);
        byte flags = header[TcpFlagsOffset];
        if (index > 0) flags &= unchecked((byte)~Cwr);
        if (index < Count - 1) flags &= unchecked((byte)~(Fin | Psh));
        BinaryPrimitives.WriteUInt32BigEndian(header[TcpSequenceOffset..], sequence);
        header[TcpFlagsOffset] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(
            header[TcpHeader.ChecksumOffset..], InternetChecksum.Finish(sum + (sequence >> 16) + (sequence & 0xffff) + flags));
    }

    private static void WriteUdp(Span<byte> header, ushort length, uint sum)
    {
        // Zero would mean "none" (RFC 768).
        ushort checksum = InternetChecksum.Finish(sum + length);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], length);
        BinaryPrimitives.WriteUInt16BigEndian(header[UdpHeader.ChecksumOffset..], checksum == 0 ? (ushort)0xffff : checksum);
    }
}
