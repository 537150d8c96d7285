using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>A UDP socket bound to one underlay address, set up as a VTEP's: TTL 64, DF clear, checksum on.</summary>
internal sealed unsafe class UdpSocket : IDisposable
{
    private const int OuterTtl = 64;

    private UdpSocket(FileDescriptor descriptor, IpAddress address, ushort port)
    {
        Descriptor = descriptor;
        Address = address;
        Port = port;
    }

    public FileDescriptor Descriptor { get; }

    public IpAddress Address { get; }

    public ushort Port { get; }

    /// <param name="address">One of this host's.</param>
    /// <param name="port">Port, or 0 for any that is free.</param>
    /// <param name="isShared">Other sockets of ours have the port too, and the kernel spreads flows over them.</param>
    /// <exception cref="LinuxException">The address is not this host's, or the port is taken.</exception>
    public static UdpSocket Bind(IpAddress address, ushort port, bool isShared = false)
    {
        bool isIpv4 = address.Family == IpFamily.IPv4;
        string subject = isIpv4 ? $"{address}:{port}/udp" : $"[{address}]:{port}/udp";
        FileDescriptor descriptor = new(Libc.Socket(
            isIpv4 ? Libc.AF_INET : Libc.AF_INET6, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0));
        if (descriptor.IsInvalid) throw LinuxException.Last("socket", subject);
        UdpSocket socket = new(descriptor, address, port);
        try
        {
            if (isShared) socket.Set(Libc.SOL_SOCKET, Libc.SO_REUSEPORT, 1, "SO_REUSEPORT");
            if (isIpv4)
            {
                socket.Set(Libc.SOL_IP, Libc.IP_TTL, OuterTtl, "IP_TTL");
                socket.Set(Libc.SOL_IP, Libc.IP_MTU_DISCOVER, Libc.IP_PMTUDISC_DONT, "IP_MTU_DISCOVER");
            }
            else
            {
                socket.Set(Libc.SOL_IPV6, Libc.IPV6_V6ONLY, 1, "IPV6_V6ONLY");
                socket.Set(Libc.SOL_IPV6, Libc.IPV6_UNICAST_HOPS, OuterTtl, "IPV6_UNICAST_HOPS");
                socket.Set(Libc.SOL_IPV6, Libc.IPV6_MTU_DISCOVER, Libc.IPV6_PMTUDISC_DONT, "IPV6_MTU_DISCOVER");
            }

            byte* name = stackalloc byte[SocketAddress.Size];
            uint length = SocketAddress.Write(new Span<byte>(name, SocketAddress.Size), address, port);
            if (Libc.Bind(descriptor, name, length) < 0) throw LinuxException.Last("bind", subject);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A socket that another owner has set up, bound and released. It is closed if that fails.</summary>
    /// <exception cref="LinuxException">The descriptor is no bound socket.</exception>
    public static UdpSocket Adopt(int descriptor)
    {
        FileDescriptor socket = new(descriptor);
        if (EndOf(socket) is { } end) return new(socket, end.Address, end.Port);
        LinuxException failure = LinuxException.Last("getsockname", $"descriptor {descriptor}");
        socket.Dispose();
        throw failure;
    }

    /// <summary>The address and port that a socket is bound to; null where the descriptor is no socket's.</summary>
    public static (IpAddress Address, ushort Port)? EndOf(FileDescriptor socket)
    {
        byte* name = stackalloc byte[SocketAddress.Size];
        Span<byte> bytes = new(name, SocketAddress.Size);
        bytes.Clear();
        uint length = SocketAddress.Size;
        return Libc.GetSockName(socket, name, &length) == 0
            ? (SocketAddress.Read(bytes), SocketAddress.ReadPort(bytes))
            : null;
    }

    /// <summary>Sets an integer option.</summary>
    public void Set(int level, int name, int value, string nameText)
    {
        if (Libc.SetSockOpt(Descriptor, level, name, &value, sizeof(int)) < 0)
            throw LinuxException.Last($"setsockopt {nameText}", $"{Address} port {Port}/udp");
    }

    /// <summary>
    /// Sets an integer option that older kernels do not have, or not whole: there it can be set, but not read.
    /// </summary>
    /// <returns>False where the kernel does not have it.</returns>
    public bool TrySet(int level, int name, int value)
    {
        uint length = sizeof(int);
        return Libc.SetSockOpt(Descriptor, level, name, &value, sizeof(int)) == 0
            && Libc.GetSockOpt(Descriptor, level, name, &value, &length) == 0;
    }

    /// <summary>
    /// Datagrams that the kernel has dropped at this socket since it was made, mostly for want of room in its receive
    /// buffer; wraps around. 0 before Linux 4.12, which has no such count.
    /// </summary>
    public uint ReadDrops() => ReadMemory(Libc.SK_MEMINFO_DROPS);

    /// <summary>
    /// Bytes of the receive buffer that are taken by datagrams waiting, with the kernel's own structures around them.
    /// 0 before Linux 4.12.
    /// </summary>
    public uint ReadQueuedBytes() => ReadMemory(Libc.SK_MEMINFO_RMEM_ALLOC);

    /// <summary>Makes the kernel discard whatever arrives, before it is queued: for sockets that only send.</summary>
    public void DiscardIncoming()
    {
        Libc.SockFilter returnZero = new() { Code = 0x06 /* BPF_RET | BPF_K */, K = 0 };
        Libc.SockFprog program = new() { Length = 1, Filter = &returnZero };
        if (Libc.SetSockOpt(
            Descriptor, Libc.SOL_SOCKET, Libc.SO_ATTACH_FILTER, &program, (uint)sizeof(Libc.SockFprog)) < 0)
            throw LinuxException.Last("setsockopt SO_ATTACH_FILTER", $"{Address} port {Port}/udp");
    }

    /// <summary>
    /// Makes a send fail with ENOBUFS when a queueing discipline drops the datagram, which passes for sent otherwise.
    /// </summary>
    /// <remarks>
    /// An ICMP error then fails the next send too, whoever that goes to (ip(7), IP_RECVERR): it is to be tried again.
    /// The kernel also keeps each error to be read; the smallest buffer bounds what nobody reads.
    /// </remarks>
    public void ReportDrops()
    {
        if (Address.Family == IpFamily.IPv4) Set(Libc.SOL_IP, Libc.IP_RECVERR, 1, "IP_RECVERR");
        else Set(Libc.SOL_IPV6, Libc.IPV6_RECVERR, 1, "IPV6_RECVERR");
        Set(Libc.SOL_SOCKET, Libc.SO_RCVBUF, 0, "SO_RCVBUF");
    }

    public void Dispose() => Descriptor.Dispose();

    private uint ReadMemory(int value)
    {
        uint* values = stackalloc uint[Libc.SK_MEMINFO_VARS];
        uint length = Libc.SK_MEMINFO_VARS * sizeof(uint);
        bool isKnown = Libc.GetSockOpt(Descriptor, Libc.SOL_SOCKET, Libc.SO_MEMINFO, values, &length) == 0
            && length == Libc.SK_MEMINFO_VARS * sizeof(uint);
        return isKnown ? values[value] : 0;
    }
}
