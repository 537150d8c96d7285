using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>struct sockaddr_in and sockaddr_in6: family in host order, port in network order, address.</summary>
internal static class SocketAddress
{
    /// <summary>Bytes that hold either: sizeof(sockaddr_in6), rounded up to 8.</summary>
    public const int Size = 32;

    private const int Ipv4Length = 16;
    private const int Ipv6Length = 28;
    private const int Ipv4Offset = 4;
    private const int Ipv6Offset = 8;

    /// <summary>Writes the structure; returns its length in bytes.</summary>
    public static uint Write(Span<byte> destination, IpAddress address, ushort port)
    {
        bool isIpv4 = address.Family == IpFamily.IPv4;
        destination[..Size].Clear();
        MemoryMarshal.Write(destination, (ushort)(isIpv4 ? Libc.AF_INET : Libc.AF_INET6));
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], port);
        _ = address.Write(destination[(isIpv4 ? Ipv4Offset : Ipv6Offset)..]);
        return (uint)(isIpv4 ? Ipv4Length : Ipv6Length);
    }

    /// <summary>The port in a structure the kernel filled in.</summary>
    public static ushort ReadPort(ReadOnlySpan<byte> source) => BinaryPrimitives.ReadUInt16BigEndian(source[2..]);

    /// <summary>The address in a structure the kernel filled in.</summary>
    public static IpAddress Read(ReadOnlySpan<byte> source) =>
        MemoryMarshal.Read<ushort>(source) == Libc.AF_INET
            ? Ipv4Address.Read(source[Ipv4Offset..])
            : Ipv6Address.Read(source[Ipv6Offset..]);
}
