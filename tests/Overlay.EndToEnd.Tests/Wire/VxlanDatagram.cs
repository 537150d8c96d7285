using System.Net;
using Overlay.Wire;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Wire;

/// <summary>What a peer sends: by itself a sound datagram, of which a test spoils what it is about.</summary>
internal sealed record VxlanDatagram
{
    private const byte Ttl = 64;

    // Discard (RFC 863): nobody has to listen there.
    private const ushort Discard = 9;

    public Vni Vni { get; init; } = new(1);

    public required MacAddress SourceMac { get; init; }

    public required MacAddress DestinationMac { get; init; }

    /// <summary>Null: that of the inner packet.</summary>
    public ushort? EtherType { get; init; }

    public required IPAddress Source { get; init; }

    public required IPAddress Destination { get; init; }

    /// <summary>UDP or TCP.</summary>
    public byte Protocol { get; init; } = IpProtocol.Udp;

    public byte[] Payload { get; init; } = [];

    public ushort SourcePort { get; init; } = Discard;

    public ushort DestinationPort { get; init; } = Discard;

    public uint Sequence { get; init; }

    public uint Acknowledgment { get; init; }

    /// <summary>TCP's; ACK unless told otherwise.</summary>
    public byte TcpFlags { get; init; } = 0x10;

    private IpAddress InnerSource => IpAddress.Read(Source.GetAddressBytes());

    private IpAddress InnerDestination => IpAddress.Read(Destination.GetAddressBytes());

    private bool IsIpv4 => InnerSource.Family == IpFamily.IPv4;

    /// <summary>Where the transport header begins.</summary>
    public int TransportOffset => VxlanOverhead.InPayload + (IsIpv4 ? Ipv4Header.MinLength : Ipv6Header.Length);

    /// <summary>Where the payload begins.</summary>
    public int PayloadOffset =>
        TransportOffset + (Protocol == IpProtocol.Tcp ? TcpHeader.MinLength : UdpHeader.HeaderLength);

    /// <summary>The datagram, inner checksums included.</summary>
    public byte[] ToArray()
    {
        byte[] datagram = new byte[PayloadOffset + Payload.Length];
        ushort etherType = EtherType ?? (IsIpv4 ? EthernetHeader.Ipv4 : EthernetHeader.Ipv6);
        VxlanHeader.Write(datagram, Vni);
        EthernetHeader.Write(datagram.AsSpan(VxlanHeader.Length), DestinationMac, SourceMac, etherType);
        Payload.CopyTo(datagram.AsSpan(PayloadOffset));
        Span<byte> segment = datagram.AsSpan(TransportOffset);
        WriteIp(datagram.AsSpan(VxlanOverhead.InPayload), segment.Length);
        WriteTransport(segment, 0);
        WriteTransport(segment, InternetChecksum.Finish(PseudoHeader(segment.Length) + InternetChecksum.Sum(segment)));
        return datagram;
    }

    /// <summary>The datagram with bytes from an offset on replaced.</summary>
    public byte[] With(int offset, params ReadOnlySpan<byte> bytes)
    {
        byte[] datagram = ToArray();
        bytes.CopyTo(datagram.AsSpan(offset));
        return datagram;
    }

    private void WriteIp(Span<byte> packet, int length)
    {
        if (IsIpv4)
        {
            Ipv4Header.Write(
                packet, 0, (ushort)(Ipv4Header.MinLength + length), 0, 0, Ttl, Protocol, InnerSource.ToIpv4(),
                InnerDestination.ToIpv4());
        }
        else
            Ipv6Header.Write(
                packet, 0, 0, (ushort)length, Protocol, Ttl, InnerSource.ToIpv6(), InnerDestination.ToIpv6());
    }

    private void WriteTransport(Span<byte> segment, ushort checksum)
    {
        if (Protocol == IpProtocol.Tcp)
            TcpHeader.Write(
                segment, SourcePort, DestinationPort, Sequence, Acknowledgment, TcpFlags, ushort.MaxValue, checksum, 0);
        else UdpHeader.Write(segment, SourcePort, DestinationPort, (ushort)segment.Length, checksum);
    }

    private uint PseudoHeader(int length) => IsIpv4
        ? InternetChecksum.PseudoHeader(InnerSource.ToIpv4(), InnerDestination.ToIpv4(), Protocol, length)
        : InternetChecksum.PseudoHeader(InnerSource.ToIpv6(), InnerDestination.ToIpv6(), Protocol, length);
}
