using System.Runtime.InteropServices;
using Overlay.Host.Interop;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>Finds out how many datagrams this kernel cuts from one message: 128, 64 (before 6.9), or none.</summary>
internal static unsafe class SegmentationProbe
{
    private const int Many = 128;
    private const int Fewer = 64;

    /// <summary>Sends one-byte datagrams from a socket to itself, as the limit can only be found by trying.</summary>
    /// <returns>The most datagrams of one message; 1 where the kernel has no UDP_SEGMENT.</returns>
    /// <exception cref="LinuxException">The address is not this host's.</exception>
    public static int MaxSegments(IpAddress address)
    {
        using UdpSocket socket = UdpSocket.Bind(address, 0);
        socket.DiscardIncoming();
        if (!socket.TrySet(Libc.SOL_UDP, Libc.UDP_SEGMENT, 0)) return 1;
        return CanSend(socket, address, Many) ? Many : Fewer;
    }

    private static bool CanSend(UdpSocket socket, IpAddress address, int segments)
    {
        byte* bytes = stackalloc byte[Many];
        new Span<byte>(bytes, Many).Clear();
        using MessageBatch message = new(1, 1);

        // To the discard port of this host: nobody hears of it, whoever listens there gets 1-byte datagrams of no
        // meaning.
        message.AddSend(address, DiscardPort, Ecn.NotEct, 1);
        message.AddPiece(bytes, segments);
        return Libc.SendMessages(socket.Descriptor, message.Messages, 1, 0) == 1
            || Marshal.GetLastPInvokeError() != Errno.EINVAL;
    }

    private const ushort DiscardPort = 9;
}
