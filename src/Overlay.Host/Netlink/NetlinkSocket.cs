using System.Runtime.InteropServices;
using Overlay.Host.Interop;

namespace Overlay.Host.Netlink;

/// <summary>A netlink(7) socket: one request at a time, each answered before the next.</summary>
internal sealed unsafe class NetlinkSocket : IDisposable
{
    private const int HeaderLength = 16;

    // On a host whose routes change all the time no dump may ever be whole; what the last one had is better than
    // nothing.
    private const int MostDumps = 5;

    private readonly FileDescriptor _socket;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(64 * 1024, pinned: true);
    private uint _sequence;
    private bool _wasInterrupted;

    /// <param name="groups">Bits of the groups of notifications to subscribe to.</param>
    /// <param name="protocol">NETLINK_ROUTE or another of netlink's families.</param>
    /// <exception cref="LinuxException">The socket cannot be made.</exception>
    public NetlinkSocket(uint groups = 0, int protocol = RtNetlink.NETLINK_ROUTE)
    {
        _socket = new FileDescriptor(Libc.Socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_CLOEXEC, protocol));
        if (_socket.IsInvalid) throw LinuxException.Last("socket", $"netlink {protocol}");
        // Dumps then honour what the request asks for; a kernel before 4.20 ignores it, and more has to be read.
        int strict = 1;
        _ = Libc.SetSockOpt(_socket, RtNetlink.SOL_NETLINK, RtNetlink.NETLINK_GET_STRICT_CHK, &strict, sizeof(int));
        uint* address = stackalloc uint[3] { Libc.AF_NETLINK, 0, groups };
        if (Libc.Bind(_socket, (byte*)address, 3 * sizeof(uint)) < 0)
        {
            LinuxException failure = LinuxException.Last("bind", "rtnetlink");
            _socket.Dispose();
            throw failure;
        }
    }

    /// <summary>For a descriptor that something else than the kernel may answer.</summary>
    internal NetlinkSocket(FileDescriptor socket) => _socket = socket;

    /// <summary>
    /// What one message of an answer says, of its type, its fixed structure and attributes; null when nothing of
    /// interest.
    /// </summary>
    public delegate T? MessageReader<T>(ushort type, ReadOnlySpan<byte> payload)
        where T : class;

    private delegate void MessageHandler(ushort type, ReadOnlySpan<byte> payload);

    public FileDescriptor Descriptor => _socket;

    /// <summary>Sends a request and waits for its acknowledgement.</summary>
    /// <param name="message">The request.</param>
    /// <param name="call">How errors name the request.</param>
    /// <param name="subject">The link, address or route it is about, for errors.</param>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void Request(NetlinkMessage message, string call, string subject) => Exchange(message, call, subject, null);

    /// <summary>Sends a dump request and reads every message of the answer.</summary>
    /// <remarks>
    /// The kernel says when what it lists has changed meanwhile (NLM_F_DUMP_INTR): entries may be missing, or there
    /// twice.
    /// </remarks>
    /// <inheritdoc cref="Request" path="/exception"/>
    public IReadOnlyList<T> Dump<T>(NetlinkMessage message, string call, string subject, MessageReader<T> reader)
        where T : class
    {
        List<T> entries = [];
        for (int dump = 0; dump < MostDumps; dump++)
        {
            entries.Clear();
            _wasInterrupted = false;
            Exchange(message, call, subject, (type, payload) =>
            {
                if (reader(type, payload) is { } entry) entries.Add(entry);
            });
            if (!_wasInterrupted) break;
        }

        return entries;
    }

    /// <summary>Takes one datagram of notifications without looking at it; false when none is there.</summary>
    public bool TryDiscard()
    {
        fixed (byte* buffer = _buffer)
        {
            if (Libc.Receive(_socket, buffer, (nuint)_buffer.Length, Libc.MSG_DONTWAIT) >= 0) return true;
        }

        // ENOBUFS says that notifications were lost: as good a reason to look again as any that arrived.
        return Marshal.GetLastPInvokeError() switch
        {
            Errno.EAGAIN => false,
            Errno.EINTR or Errno.ENOBUFS => true,
            _ => throw LinuxException.Last("recv", "rtnetlink"),
        };
    }

    public void Dispose() => _socket.Dispose();

    private void Exchange(NetlinkMessage message, string call, string subject, MessageHandler? handler)
    {
        ReadOnlySpan<byte> request = message.Finish(++_sequence);
        fixed (byte* bytes = request)
        {
            if (Libc.Send(_socket, bytes, (nuint)request.Length, 0) < 0) throw LinuxException.Last(call, subject);
        }

        while (!IsAnswered(ReceiveDatagram(call, subject), call, subject, handler))
        {
        }
    }

    private ReadOnlySpan<byte> ReceiveDatagram(string call, string subject)
    {
        while (true)
        {
            nint length;
            fixed (byte* buffer = _buffer) length = Libc.Receive(_socket, buffer, (nuint)_buffer.Length, 0);
            if (length >= 0) return _buffer.AsSpan(0, (int)length);
            if (Marshal.GetLastPInvokeError() != Errno.EINTR) throw LinuxException.Last(call, subject);
        }
    }

    private bool IsAnswered(ReadOnlySpan<byte> datagram, string call, string subject, MessageHandler? handler)
    {
        while (datagram.Length >= HeaderLength)
        {
            int length = (int)MemoryMarshal.Read<uint>(datagram);
            if (length < HeaderLength || length > datagram.Length)
                throw new LinuxException(call, subject, Errno.EINVAL);
            ushort type = MemoryMarshal.Read<ushort>(datagram[4..]);
            ushort flags = MemoryMarshal.Read<ushort>(datagram[6..]);
            uint sequence = MemoryMarshal.Read<uint>(datagram[8..]);
            ReadOnlySpan<byte> payload = datagram[HeaderLength..length];
            datagram = datagram[Math.Min(NetlinkMessage.Align(length), datagram.Length)..];
            if (sequence != _sequence) continue;
            _wasInterrupted |= (flags & RtNetlink.NLM_F_DUMP_INTR) != 0;
            switch (type)
            {
                // A dump that ends early has its reason here, where others have 0 or nothing.
                case RtNetlink.NLMSG_DONE:
                case RtNetlink.NLMSG_ERROR:
                    int error = payload.Length < sizeof(int) ? 0 : -MemoryMarshal.Read<int>(payload);
                    return error <= 0 ? true : throw new LinuxException(call, subject, error);
                default:
                    handler?.Invoke(type, payload);
                    break;
            }
        }

        return false;
    }
}
