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
    private readonly int _packetLength;
    private readonly int _transport;
    private readonly bool _isIpv4;
    private readonly bool _isTcp;

    // What all segments have in common, summed once: the rest is added for each.
    private readonly uint _ipSum;
    private readonly uint _transportSum;

    private Segmenter(in InnerPacket inner, int headerLength, int segmentSize)
    {
        ReadOnlySpan<byte> packet = inner.Bytes;
        _packetLength = packet.Length;
        _transport = inner.Transport;
        _isIpv4 = inner.IsIpv4;
        _isTcp = inner.Protocol == IpProtocol.Tcp;
        HeaderLength = headerLength;
        SegmentSize = segmentSize;
        Count = (packet.Length - headerLength + segmentSize - 1) / segmentSize;

        Span<byte> header = stackalloc byte[MaxHeaderLength];
        packet[..headerLength].CopyTo(header);
        if (_isIpv4)
        {
            ClearIpv4(header);
            _ipSum = InternetChecksum.Sum(header[.._transport]);
        }

        header = header[_transport..headerLength];
        if (_isTcp)
        {
            header.Slice(TcpHeader.SequenceOffset, sizeof(uint)).Clear();
            header[TcpHeader.FlagsOffset] = 0;
            header.Slice(TcpHeader.ChecksumOffset, sizeof(ushort)).Clear();
        }
        else header[UdpHeader.LengthOffset..].Clear();

        // Lengths differ from segment to segment; the pseudo-header without one is common to all.
        _transportSum = inner.PseudoHeader(0) + InternetChecksum.Sum(header);
    }

    /// <summary>
    /// Most bytes of IP and transport headers: an IPv6 header with some 200 bytes of extensions, and TCP's 60.
    /// </summary>
    public const int MaxHeaderLength = 304;

    /// <summary>
    /// Most segments of a super-packet: those of 64 KB at the smallest MSS of Linux, 48 bytes less 12 of options
    /// (net.ipv4.tcp_min_snd_mss).
    /// </summary>
    /// <remarks>
    /// Only a raw socket asks for more. Its pod would make a worker send 65,000 datagrams for one packet, and all other
    /// pods wait.
    /// </remarks>
    public const int MostSegments = 1821;

    /// <summary>Segments the super-packet makes.</summary>
    public int Count { get; }

    /// <summary>Bytes of a segment's IP and transport headers.</summary>
    public int HeaderLength { get; }

    /// <summary>Payload bytes of each segment; the last may have fewer.</summary>
    public int SegmentSize { get; }

    /// <summary>Reads a super-packet's headers.</summary>
    /// <param name="inner">The super-packet.</param>
    /// <param name="offload">What the device that handed it over said of it.</param>
    /// <param name="segmenter">Valid when true is returned.</param>
    /// <returns>
    /// False for what is no TCP or UDP super-packet, whatever its device says, and for more than
    /// <see cref="MostSegments"/>.
    /// </returns>
    public static bool TryCreate(in InnerPacket inner, in VirtioNetHeader offload, out Segmenter segmenter)
    {
        segmenter = default;
        bool isTcp =
            (offload.GsoType & ~VirtioNetHeader.GsoEcn) is VirtioNetHeader.GsoTcpv4 or VirtioNetHeader.GsoTcpv6;
        if (!isTcp && offload.GsoType != VirtioNetHeader.GsoUdpL4) return false;
        if (offload.GsoSize == 0 || (offload.Flags & VirtioNetHeader.NeedsChecksum) == 0) return false;
        if (!inner.HasTransport || inner.Protocol != (isTcp ? IpProtocol.Tcp : IpProtocol.Udp)) return false;

        int headerLength = inner.Transport + UdpHeader.HeaderLength;
        if (isTcp)
        {
            if (!TcpHeader.TryParse(inner.Segment, out TcpHeader tcp)) return false;
            headerLength = inner.Transport + tcp.HeaderLength;
        }

        if (headerLength > MaxHeaderLength || inner.Bytes.Length <= headerLength) return false;
        segmenter = new Segmenter(inner, headerLength, offload.GsoSize);
        return segmenter.Count <= MostSegments;
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
        header[Ipv4Header.TotalLengthOffset..Ipv4Header.FragmentOffset].Clear();
        header.Slice(Ipv4Header.ChecksumOffset, sizeof(ushort)).Clear();
    }

    private void WriteIp(Span<byte> header, int index, int length)
    {
        if (!_isIpv4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(
                header[Ipv6Header.PayloadLengthOffset..], (ushort)(length - Ipv6Header.Length));
            return;
        }

        ushort identification =
            (ushort)(BinaryPrimitives.ReadUInt16BigEndian(header[Ipv4Header.IdentificationOffset..]) + index);
        BinaryPrimitives.WriteUInt16BigEndian(header[Ipv4Header.TotalLengthOffset..], (ushort)length);
        BinaryPrimitives.WriteUInt16BigEndian(header[Ipv4Header.IdentificationOffset..], identification);
        BinaryPrimitives.WriteUInt16BigEndian(
            header[Ipv4Header.ChecksumOffset..], InternetChecksum.Finish(_ipSum + (uint)length + identification));
    }

    private void WriteTcp(Span<byte> header, int index, uint sum)
    {
        uint sequence =
            BinaryPrimitives.ReadUInt32BigEndian(header[TcpHeader.SequenceOffset..]) + (uint)(index * SegmentSize);
        byte flags = header[TcpHeader.FlagsOffset];
        if (index > 0) flags &= unchecked((byte)~TcpFlags.Cwr);
        if (index < Count - 1) flags &= unchecked((byte)~(TcpFlags.Fin | TcpFlags.Psh));
        BinaryPrimitives.WriteUInt32BigEndian(header[TcpHeader.SequenceOffset..], sequence);
        header[TcpHeader.FlagsOffset] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(
            header[TcpHeader.ChecksumOffset..],
            InternetChecksum.Finish(sum + (sequence >> 16) + (sequence & 0xffff) + flags));
    }

    private static void WriteUdp(Span<byte> header, ushort length, uint sum)
    {
        // Zero would mean "none" (RFC 768).
        ushort checksum = InternetChecksum.Finish(sum + length);
        BinaryPrimitives.WriteUInt16BigEndian(header[UdpHeader.LengthOffset..], length);
        BinaryPrimitives.WriteUInt16BigEndian(
            header[UdpHeader.ChecksumOffset..], checksum == 0 ? (ushort)0xffff : checksum);
    }
}
