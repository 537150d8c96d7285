//  struct virtio_net_hdr (include/uapi/linux/virtio_net.h; virtio 1.2 section 5.1.6), in the host's byte order
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |     flags     |   gso_type    |            hdr_len            |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |            gso_size           |           csum_start          |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |          csum_offset          |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

using System.Runtime.InteropServices;

namespace Overlay.Dataplane.Packets;

/// <summary>What the kernel and we tell each other of a packet on a TUN with IFF_VNET_HDR.</summary>
/// <param name="Flags"><see cref="NeedsChecksum"/> or 0.</param>
/// <param name="GsoType">One of the Gso constants, perhaps with <see cref="GsoEcn"/>.</param>
/// <param name="HeaderLength">Bytes of IP and transport header in front of a super-packet's payload.</param>
/// <param name="GsoSize">Payload bytes a segment of a super-packet has.</param>
/// <param name="ChecksumStart">First byte the checksum covers, counted from the packet's first.</param>
/// <param name="ChecksumOffset">Where it belongs, counted from <paramref name="ChecksumStart"/>.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct VirtioNetHeader(
    byte Flags, byte GsoType, ushort HeaderLength, ushort GsoSize, ushort ChecksumStart, ushort ChecksumOffset)
{
    /// <summary>Bytes of the header.</summary>
    public const int Length = 10;

    /// <summary>The checksum field holds only the pseudo-header's sum; whoever needs it whole completes it.</summary>
    public const byte NeedsChecksum = 1;

    public const byte GsoNone = 0;
    public const byte GsoTcpv4 = 1;
    public const byte GsoTcpv6 = 4;

    /// <summary>UDP datagrams of one flow, of either family (VIRTIO_NET_HDR_GSO_UDP_L4; Linux 6.2).</summary>
    public const byte GsoUdpL4 = 5;

    /// <summary>Set with a TCP type: only the first segment keeps CWR (RFC 3168 section 6.1.2).</summary>
    public const byte GsoEcn = 0x80;

    /// <summary>Not one packet but a super-packet, to be cut into segments.</summary>
    public bool IsSuperPacket => GsoType != GsoNone;

    /// <exception cref="ArgumentOutOfRangeException">Fewer than ten bytes.</exception>
    public static VirtioNetHeader Read(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<VirtioNetHeader>(bytes);

    /// <exception cref="ArgumentOutOfRangeException">Fewer than ten bytes.</exception>
    public void Write(Span<byte> destination) => MemoryMarshal.Write(destination, in this);
}
