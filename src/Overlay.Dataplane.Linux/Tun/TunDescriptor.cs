using System.Text;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Linux.Tun;

/// <summary>
/// Opens a TUN queue and tells the kernel what is wanted of it (Documentation/networking/tuntap.rst, linux/if_tun.h).
/// </summary>
internal static unsafe class TunDescriptor
{
    private const nuint TUNSETIFF = 0x4004_54ca;
    private const nuint TUNSETOFFLOAD = 0x4004_54d0;
    private const nuint TUNSETPERSIST = 0x4004_54cb;
    private const nuint TUNGETIFF = 0x8004_54d2;
    private const nuint TUNSETQUEUE = 0x4004_54d9;
    private const nuint TUN_F_CSUM = 0x01;
    private const nuint TUN_F_TSO4 = 0x02;
    private const nuint TUN_F_TSO6 = 0x04;
    private const nuint TUN_F_TSO_ECN = 0x08;
    private const nuint TUN_F_USO4 = 0x20;
    private const nuint TUN_F_USO6 = 0x40;
    private const short IFF_TUN = 0x0001;
    private const short IFF_NO_PI = 0x1000;
    private const short IFF_MULTI_QUEUE = 0x0100;
    private const short IFF_DETACH_QUEUE = 0x0400;
    private const short IFF_VNET_HDR = 0x4000;
    private const short IFF_TUN_EXCL = unchecked((short)0x8000);
    private const int NameSize = 16;
    private const int IfReqSize = 40;

    /// <summary>Makes a device, or one more queue of one that was made with several.</summary>
    /// <param name="name">At most 15 bytes.</param>
    /// <param name="isFirst">The device must be new.</param>
    /// <param name="hasMore">It has more than one queue.</param>
    /// <param name="offloads">What is wanted; then what the kernel has of that.</param>
    /// <exception cref="LinuxException">No /dev/net/tun, no CAP_NET_ADMIN, or the name is in use.</exception>
    public static FileDescriptor Open(string name, bool isFirst, bool hasMore, ref Offloads offloads)
    {
        FileDescriptor tun = new(Libc.Open("/dev/net/tun", Libc.O_RDWR | Libc.O_NONBLOCK | Libc.O_CLOEXEC));
        if (tun.IsInvalid) throw LinuxException.Last("open", "/dev/net/tun");
        if (Encoding.UTF8.GetByteCount(name) >= NameSize)
            throw new ArgumentException($"a device name has at most 15 bytes: {name}", nameof(name));

        byte* request = stackalloc byte[IfReqSize];
        Span<byte> bytes = new(request, IfReqSize);
        bytes.Clear();
        _ = Encoding.UTF8.GetBytes(name, bytes);
        short flags = IFF_TUN | IFF_NO_PI;
        if (isFirst) flags |= IFF_TUN_EXCL;
        if (hasMore) flags |= IFF_MULTI_QUEUE;
        if (offloads.HasFlag(Offloads.TunHeader)) flags |= IFF_VNET_HDR;
        *(short*)(request + NameSize) = flags;
        if (Libc.Ioctl(tun, TUNSETIFF, request) < 0) throw Failed(tun, "ioctl TUNSETIFF", name);
        SetOffloads(tun, name, ref offloads);
        return tun;
    }

    /// <summary>Takes an open queue of a device. The descriptor is closed if that fails.</summary>
    /// <param name="descriptor">The queue.</param>
    /// <param name="name">The device's.</param>
    /// <param name="offloads">What is wanted; then what device and kernel have of that.</param>
    /// <exception cref="LinuxException">The descriptor is no TUN's.</exception>
    public static FileDescriptor Adopt(int descriptor, out string name, ref Offloads offloads)
    {
        FileDescriptor tun = new(descriptor);
        if (Read(tun) is not { } device) throw Failed(tun, "ioctl TUNGETIFF", $"descriptor {descriptor}");
        name = device.Name;

        // Whether packets have a header was settled when the device was made.
        offloads = device.HasHeader ? offloads | Offloads.TunHeader : offloads & ~Offloads.TunHeader;
        SetOffloads(tun, name, ref offloads);
        return tun;
    }

    /// <summary>
    /// Has the device give a queue no packets any more; it can still be written to. The descriptor is closed if that fails.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static void Detach(FileDescriptor tun, string name)
    {
        byte* request = stackalloc byte[IfReqSize];
        new Span<byte>(request, IfReqSize).Clear();
        *(short*)(request + NameSize) = IFF_DETACH_QUEUE;
        if (Libc.Ioctl(tun, TUNSETQUEUE, request) < 0) throw Failed(tun, "ioctl TUNSETQUEUE", name);
    }

    /// <summary>The device that a descriptor is a queue of; null where it is no TUN's.</summary>
    public static string? NameOf(FileDescriptor tun) => Read(tun)?.Name;

    /// <summary>Has the device outlive its last descriptor, or not.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static void Persist(FileDescriptor tun, string name, bool isKept)
    {
        if (Libc.Ioctl(tun, TUNSETPERSIST, (void*)(isKept ? 1u : 0u)) < 0)
            throw LinuxException.Last("ioctl TUNSETPERSIST", name);
    }

    private static (string Name, bool HasHeader)? Read(FileDescriptor tun)
    {
        byte* request = stackalloc byte[IfReqSize];
        Span<byte> bytes = new(request, IfReqSize);
        bytes.Clear();
        return Libc.Ioctl(tun, TUNGETIFF, request) < 0
            ? null
            : (Encoding.UTF8.GetString(bytes[..bytes.IndexOf((byte)0)]),
                (*(short*)(request + NameSize) & IFF_VNET_HDR) != 0);
    }

    private static void SetOffloads(FileDescriptor tun, string name, ref Offloads offloads)
    {
        if (!offloads.HasFlag(Offloads.TunHeader))
        {
            offloads &= ~(Offloads.TunTcp | Offloads.TunUdp);
            return;
        }

        nuint flags = TUN_F_CSUM;
        if (offloads.HasFlag(Offloads.TunTcp)) flags |= TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
        if (offloads.HasFlag(Offloads.TunUdp))
        {
            if (Libc.Ioctl(tun, TUNSETOFFLOAD, (void*)(flags | TUN_F_USO4 | TUN_F_USO6)) == 0) return;
            offloads &= ~Offloads.TunUdp;
        }

        if (Libc.Ioctl(tun, TUNSETOFFLOAD, (void*)flags) < 0) throw Failed(tun, "ioctl TUNSETOFFLOAD", name);
    }

    private static LinuxException Failed(FileDescriptor tun, string call, string subject)
    {
        LinuxException failure = LinuxException.Last(call, subject);
        tun.Dispose();
        return failure;
    }
}
