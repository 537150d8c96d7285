using System.Net.Sockets;
using System.Runtime.InteropServices;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Linux.Handover;

/// <summary>
/// Messages with open descriptors over a Unix socket (unix(7), SCM_RIGHTS): both processes then have the same open file.
/// </summary>
public static unsafe class DescriptorMessages
{
    /// <summary>Most descriptors of one message (SCM_MAX_FD).</summary>
    public const int Most = 253;

    private const int ControlSize = 16 + (Most * sizeof(int));

    /// <summary>Sends one message.</summary>
    /// <param name="socket">Connected.</param>
    /// <param name="text">The bytes, one at least.</param>
    /// <param name="descriptors">They stay open here. At most <see cref="Most"/>.</param>
    /// <exception cref="LinuxException">The other side is gone, or does not read.</exception>
    public static void Send(Socket socket, ReadOnlySpan<byte> text, IReadOnlyList<int> descriptors)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Count, Most);
        byte* control = stackalloc byte[ControlSize];
        fixed (byte* bytes = text)
        {
            Libc.IoVec piece = new() { Base = bytes, Length = (nuint)text.Length };
            Libc.MsgHdr message = new() { IoVec = &piece, IoVecLength = 1 };
            if (descriptors.Count > 0)
            {
                Libc.CMsgHdr* header = (Libc.CMsgHdr*)control;
                header->Length = (nuint)(sizeof(Libc.CMsgHdr) + (descriptors.Count * sizeof(int)));
                header->Level = Libc.SOL_SOCKET;
                header->Type = Libc.SCM_RIGHTS;
                for (int i = 0; i < descriptors.Count; i++) ((int*)(header + 1))[i] = descriptors[i];
                message.Control = control;
                message.ControlLength = header->Length;
            }

            if (Libc.SendMessage(socket.SafeHandle, &message, Libc.MSG_NOSIGNAL) < 0)
                throw LinuxException.Last("sendmsg", "the hand-over's socket");
        }
    }

    /// <summary>Receives one message.</summary>
    /// <param name="socket">Connected.</param>
    /// <param name="text">Room for the bytes.</param>
    /// <param name="descriptors">Gets the descriptors, which belong to the caller and are closed at an exec.</param>
    /// <returns>The number of bytes; 0 when the other side has closed.</returns>
    /// <exception cref="LinuxException">Nothing came in the socket's time, or there was no room for all.</exception>
    public static int Receive(Socket socket, Span<byte> text, ICollection<int> descriptors)
    {
        byte* control = stackalloc byte[ControlSize];
        fixed (byte* bytes = text)
        {
            Libc.IoVec piece = new() { Base = bytes, Length = (nuint)text.Length };
            Libc.MsgHdr message = new()
            {
                IoVec = &piece,
                IoVecLength = 1,
                Control = control,
                ControlLength = ControlSize,
            };
            nint length;
            while ((length = Libc.ReceiveMessage(socket.SafeHandle, &message, Libc.MSG_CMSG_CLOEXEC)) < 0)
            {
                if (Marshal.GetLastPInvokeError() != Errno.EINTR)
                    throw LinuxException.Last("recvmsg", "the hand-over's socket");
            }

            List<int> received = [];
            Take(control, (int)message.ControlLength, received);
            if ((message.Flags & (Libc.MSG_TRUNC | Libc.MSG_CTRUNC)) != 0)
            {
                Close(received);
                throw new LinuxException("recvmsg", "a message of the hand-over's socket", Errno.EMSGSIZE);
            }

            foreach (int descriptor in received) descriptors.Add(descriptor);
            return (int)length;
        }
    }

    /// <summary>Closes descriptors that nobody has taken.</summary>
    public static void Close(IEnumerable<int> descriptors)
    {
        foreach (int descriptor in descriptors) new FileDescriptor(descriptor).Dispose();
    }

    private static void Take(byte* control, int length, List<int> descriptors)
    {
        if (length < sizeof(Libc.CMsgHdr)) return;
        Libc.CMsgHdr* header = (Libc.CMsgHdr*)control;
        if (header->Level != Libc.SOL_SOCKET || header->Type != Libc.SCM_RIGHTS) return;
        int count = ((int)header->Length - sizeof(Libc.CMsgHdr)) / sizeof(int);
        for (int i = 0; i < count; i++) descriptors.Add(((int*)(header + 1))[i]);
    }
}
