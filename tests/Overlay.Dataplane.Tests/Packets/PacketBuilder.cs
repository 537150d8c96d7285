using System.Buffers.Binary;
using System.Net;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Tests;

/// <summary>An IP packet, written byte by byte from the RFCs' pictures and by none of the product's writers.</summary>
internal sealed record PacketBuilder
{
    private byte[] _source = [];
    private byte[] _destination = [];
    private byte[] _payload = Pattern(32);
    private byte _protocol = IpProtocol.Udp;
    private ushort _sourcePort = 40_000;
    private ushort _destinationPort = 53;
    private byte _tcpFlags = 0x10;
    private byte _tcpReserved;
    private uint _sequence = 1;
    private uint _acknowledgment;
    private ushort _window = 0xfafa;
    private ushort _urgentPointer;
    private byte[] _tcpOptions = [];
    private ChecksumState _checksum = ChecksumState.Complete;
    private Ecn _ecn;
    private int _dscp;
    private int _flowLabel;
    private bool _mayFragment;
    private ushort _identification = 0x1234;
    private byte _ttl = 63;
    private int _optionWords;
    private byte[] _extensions = [];
    private (int Offset, bool More)? _fragment;

    public bool IsIpv4 => _source.Length == Ipv4Address.Length;

    public bool IsFragment => _fragment is not null;

    /// <summary>Where the TCP, UDP or ICMP header begins.</summary>
    public int TransportOffset => IsIpv4 ? 20 + (4 * _optionWords) : 40 + (8 * ExtensionHeaders.Length);

    /// <summary>Where the checksum is, from <see cref="TransportOffset"/>.</summary>
    public int ChecksumOffset => _protocol switch { IpProtocol.Tcp => 16, IpProtocol.Udp => 6, _ => 2 };

    /// <summary>Bytes up to the payload.</summary>
    public int HeaderLength => TransportOffset + TransportHeaderLength;

    /// <summary>What a kernel says of this packet when it leaves the checksum to the TUN.</summary>
    public VirtioNetHeader ChecksumOffload =>
        new(VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoNone, 0, 0, (ushort)TransportOffset,
            (ushort)ChecksumOffset);

    /// <summary>What a kernel says of this packet when it leaves cutting it up to the TUN.</summary>
    public VirtioNetHeader SegmentationOffload(int segmentSize) => ChecksumOffload with
    {
        GsoType = (byte)(_protocol == IpProtocol.Udp ? 5 : (IsIpv4 ? 1 : 4) | ((_tcpFlags & 0x80) != 0 ? 0x80 : 0)),
        HeaderLength = (ushort)HeaderLength,
        GsoSize = (ushort)segmentSize,
    };

    private int TransportHeaderLength => _protocol == IpProtocol.Tcp ? 20 + _tcpOptions.Length : 8;

    // IPv6 carries fragment offsets in an extension header, IPv4 in its own.
    private byte[] ExtensionHeaders =>
        _fragment is null || IsIpv4 ? _extensions : [.. _extensions, IpProtocol.Fragment];

    /// <summary>From a pod of one node to a pod of another: a small UDP packet unless told otherwise.</summary>
    public static PacketBuilder Between(TestNode from, TestNode to, IpFamily family) =>
        new PacketBuilder().From(from.Pod(family)).To(to.Pod(family));

    /// <summary>Bytes that differ from their neighbours, so that a shifted copy shows.</summary>
    public static byte[] Pattern(int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = (byte)((i * 7) + (i >> 8) + 1);
        return bytes;
    }

    public PacketBuilder From(string address) => this with { _source = IPAddress.Parse(address).GetAddressBytes() };

    public PacketBuilder To(string address) => this with { _destination = IPAddress.Parse(address).GetAddressBytes() };

    public PacketBuilder Protocol(byte protocol) =>
        this with { _protocol = protocol == IpProtocol.Icmp && !IsIpv4 ? IpProtocol.Icmpv6 : protocol };

    public PacketBuilder Ports(int source, int destination) =>
        this with { _sourcePort = (ushort)source, _destinationPort = (ushort)destination };

    public PacketBuilder TcpFlags(byte flags) => this with { _tcpFlags = flags };

    /// <summary>The four bits between data offset and flags.</summary>
    public PacketBuilder TcpReserved(byte bits) => this with { _tcpReserved = bits };

    public PacketBuilder Sequence(uint number) => this with { _sequence = number };

    public PacketBuilder Acknowledgment(uint number) => this with { _acknowledgment = number };

    public PacketBuilder Window(ushort window) => this with { _window = window };

    public PacketBuilder UrgentPointer(ushort pointer) => this with { _urgentPointer = pointer };

    /// <summary>Two no-operations and a timestamp (RFC 7323), as Linux sends it with every segment.</summary>
    public PacketBuilder Timestamp(byte value) => this with { _tcpOptions = [1, 1, 8, 10, 0, 0, 0, value, 0, 0, 0, 1] };

    public PacketBuilder Payload(int length) => Payload(Pattern(length));

    public PacketBuilder Payload(byte[] payload) => this with { _payload = payload };

    /// <summary>As much payload as makes the whole packet that long.</summary>
    public PacketBuilder TotalLength(int length) => Payload(length - HeaderLength);

    public PacketBuilder Checksum(ChecksumState state) => this with { _checksum = state };

    public PacketBuilder Ecn(Ecn ecn) => this with { _ecn = ecn };

    public PacketBuilder Dscp(int dscp) => this with { _dscp = dscp };

    /// <summary>IPv6 only.</summary>
    public PacketBuilder FlowLabel(int label) => this with { _flowLabel = label };

    /// <summary>IPv4: the DF bit clear.</summary>
    public PacketBuilder MayFragment() => this with { _mayFragment = true };

    public PacketBuilder Identification(ushort identification) => this with { _identification = identification };

    public PacketBuilder Ttl(byte ttl) => this with { _ttl = ttl };

    /// <summary>IPv4 options: so many words of no-operation.</summary>
    public PacketBuilder Options(int words) => this with { _optionWords = words };

    /// <summary>IPv6 extension headers of eight bytes each, in that order.</summary>
    public PacketBuilder Extensions(params byte[] protocols) => this with { _extensions = protocols };

    /// <summary>A fragment; only one at offset 0 begins with the transport header.</summary>
    public PacketBuilder Fragment(int offset, bool more) => this with { _fragment = (offset, more) };

    /// <summary>
    /// The packets that a device makes of this super-packet (tcp_gso_segment and __udp_gso_segment in the kernel).
    /// </summary>
    public IEnumerable<byte[]> Segments(int segmentSize)
    {
        byte[][] payloads = [.. _payload.Chunk(segmentSize)];
        for (int i = 0; i < payloads.Length; i++)
        {
            byte flags = _tcpFlags;
            if (i > 0) flags &= 0x7f;
            if (i < payloads.Length - 1) flags &= 0xf6;
            PacketBuilder segment = this with
            {
                _payload = payloads[i],
                _identification = (ushort)(_identification + i),
                _sequence = _sequence + (uint)(i * segmentSize),
                _tcpFlags = flags,
                _checksum = ChecksumState.Complete,
            };
            yield return segment.Build();
        }
    }

    public byte[] Build()
    {
        byte[] segment = _fragment is { Offset: > 0 } ? _payload : Segment();
        return IsIpv4 ? Ipv4(segment) : Ipv6(segment);
    }

    private byte[] Ipv4(byte[] segment)
    {
        byte[] header = new byte[20 + (4 * _optionWords)];
        header[0] = (byte)(0x40 | (header.Length / 4));
        header[1] = (byte)((_dscp << 2) | (int)_ecn);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), (ushort)(header.Length + segment.Length));
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), _identification);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(6), FragmentField());
        header[8] = _ttl;
        header[9] = _protocol;
        _source.CopyTo(header, 12);
        _destination.CopyTo(header, 16);
        header.AsSpan(20).Fill(1);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), (ushort)~ReferenceChecksum.Sum(header));
        return [.. header, .. segment];
    }

    private byte[] Ipv6(byte[] segment)
    {
        byte[] chain = [.. ExtensionHeaders, _protocol];
        byte[] extensions =
            [.. Enumerable.Range(0, chain.Length - 1).SelectMany(i => Extension(chain[i], next: chain[i + 1]))];
        byte[] header = new byte[40];
        BinaryPrimitives.WriteUInt32BigEndian(
            header, 0x6000_0000 | (uint)(((_dscp << 2) | (int)_ecn) << 20) | (uint)_flowLabel);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)(extensions.Length + segment.Length));
        header[6] = chain[0];
        header[7] = _ttl;
        _source.CopyTo(header, 8);
        _destination.CopyTo(header, 24);
        return [.. header, .. extensions, .. segment];
    }

    private byte[] Extension(byte protocol, byte next)
    {
        if (protocol != IpProtocol.Fragment) return [next, 0, 1, 4, 0, 0, 0, 0];
        ushort field = _fragment is var (offset, more) ? (ushort)(offset | (more ? 1 : 0)) : (ushort)0;
        return [next, 0, (byte)(field >> 8), (byte)field, 0, 0, (byte)(_identification >> 8), (byte)_identification];
    }

    private ushort FragmentField()
    {
        const ushort DontFragment = 0x4000;
        const ushort MoreFragments = 0x2000;
        return _fragment is var (offset, more)
            ? (ushort)((offset / 8) | (more ? MoreFragments : 0))
            : _mayFragment ? (ushort)0 : DontFragment;
    }

    private byte[] Segment()
    {
        byte[] segment = [.. TransportHeader(), .. _payload];
        ushort pseudoHeader = _protocol == IpProtocol.Icmp
            ? (ushort)0
            : ReferenceChecksum.PseudoHeader(_source, _destination, _protocol, segment.Length);
        ushort complete = (ushort)~ReferenceChecksum.Sum([(byte)(pseudoHeader >> 8), (byte)pseudoHeader, .. segment]);
        if (complete == 0 && _protocol == IpProtocol.Udp) complete = 0xffff;
        ushort field = _checksum switch
        {
            ChecksumState.Complete => complete,
            ChecksumState.Partial => pseudoHeader,
            ChecksumState.Wrong => (ushort)(complete ^ 0x0100),
            _ => 0,
        };
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(ChecksumOffset), field);
        return segment;
    }

    private byte[] TransportHeader()
    {
        byte[] header = new byte[TransportHeaderLength];
        if (_protocol is IpProtocol.Icmp or IpProtocol.Icmpv6)
        {
            header[0] = _protocol == IpProtocol.Icmp ? (byte)8 : (byte)128;
            return header;
        }

        BinaryPrimitives.WriteUInt16BigEndian(header, _sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), _destinationPort);
        if (_protocol == IpProtocol.Udp)
        {
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)(header.Length + _payload.Length));
            return header;
        }

        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), _sequence);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), _acknowledgment);
        header[12] = (byte)((header.Length / 4 << 4) | _tcpReserved);
        header[13] = _tcpFlags;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(14), _window);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(18), _urgentPointer);
        _tcpOptions.CopyTo(header, 20);
        return header;
    }
}
