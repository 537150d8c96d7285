using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Overlay.Wire;

namespace Overlay.Linux;

/// <summary>
/// Tells a link whose an address is, so that nobody asks, nor believes an earlier owner: an ARP announcement
/// (RFC 5227 section 2.3), or an unsolicited neighbour advertisement to all nodes (RFC 4861 section 7.2.6).
/// </summary>
public static unsafe class NeighbourAnnouncement
{
    private const ushort EtherTypeArp = 0x0806;
    private const ushort EtherTypeIpv6 = 0x86dd;
    private const int EthernetLength = 14;
    private const int Ipv6Length = 40;
    private const int AdvertisementLength = 32;
    private const byte IcmpV6 = 58;

    private static readonly Ipv6Address _allNodes = new((new UInt128(0xff02_0000_0000_0000, 0)) + 1);

    /// <summary>Sends one frame out of a device of the calling thread's network namespace.</summary>
    /// <exception cref="LinuxException">The device is gone or down, or CAP_NET_RAW is missing.</exception>
    public static void Send(LinkInfo link, IpAddress address)
    {
        byte[] frame = address.Family == IpFamily.IPv4
            ? Arp(link.Address, address.ToIpv4())
            : Advertisement(link.Address, address.ToIpv6());

        // Protocol 0: it is for sending alone, and takes no frame in.
        using FileDescriptor socket = new(Libc.Socket(Libc.AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, 0));
        if (socket.IsInvalid) throw LinuxException.Last("socket", "packet");

        // struct sockaddr_ll: family(2), protocol(2), interface index(4), then what only receiving fills
        Span<byte> target = stackalloc byte[20];
        target.Clear();
        MemoryMarshal.Write(target, (ushort)Libc.AF_PACKET);
        MemoryMarshal.Write(target[4..], link.Index);
        fixed (byte* name = target)
        fixed (byte* bytes = frame)
        {
            if (Libc.Bind(socket, name, (uint)target.Length) < 0) throw LinuxException.Last("bind", link.Name);
            if (Libc.Send(socket, bytes, (nuint)frame.Length, 0) < 0) throw LinuxException.Last("send", link.Name);
        }
    }

    private static byte[] Arp(MacAddress own, Ipv4Address address)
    {
        byte[] frame = new byte[EthernetLength + 28];
        Span<byte> arp = Ethernet(frame, new MacAddress(0xffff_ffff_ffff), own, EtherTypeArp);

        // RFC 826: Ethernet, IPv4, their lengths, request; sender's addresses; target's
        ReadOnlySpan<byte> fixedPart = [0, 1, 8, 0, MacAddress.Length, Ipv4Address.Length, 0, 1];
        fixedPart.CopyTo(arp);
        own.Write(arp[8..]);
        address.Write(arp[14..]);
        address.Write(arp[24..]);
        return frame;
    }

    private static byte[] Advertisement(MacAddress own, Ipv6Address address)
    {
        byte[] frame = new byte[EthernetLength + Ipv6Length + AdvertisementLength];
        Span<byte> ipv6 = Ethernet(frame, new MacAddress(0x3333_0000_0001), own, EtherTypeIpv6);
        ipv6[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(ipv6[4..], AdvertisementLength);
        ipv6[6] = IcmpV6;
        ipv6[7] = 255; // a receiver takes it for one that a router has passed on otherwise
        address.Write(ipv6[8..]);
        _allNodes.Write(ipv6[24..]);

        Span<byte> icmp = ipv6[Ipv6Length..];
        icmp[0] = 136;
        icmp[4] = 0x20; // override: caches take the address over
        address.Write(icmp[8..]);
        icmp[24] = 2; // option: target link-layer address, in units of 8 bytes
        icmp[25] = 1;
        own.Write(icmp[26..]);
        uint sum = InternetChecksum.PseudoHeader(address, _allNodes, IcmpV6, AdvertisementLength) + InternetChecksum.Sum(icmp);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], InternetChecksum.Finish(sum));
        return frame;
    }

    private static Span<byte> Ethernet(Span<byte> frame, MacAddress destination, MacAddress source, ushort type)
    {
        destination.Write(frame);
        source.Write(frame[MacAddress.Length..]);
        BinaryPrimitives.WriteUInt16BigEndian(frame[(2 * MacAddress.Length)..], type);
        return frame[EthernetLength..];
    }
}
