using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Handover;

/// <summary>Finds out what a descriptor is that this process has been given; it stays open.</summary>
public static class DescriptorFacts
{
    /// <summary>The device that it is a queue of; null where it is no TUN's.</summary>
    public static string? TunName(int descriptor) => Look(descriptor, TunDescriptor.NameOf);

    /// <summary>The address and port that it is bound to; null where it is no socket, or not bound.</summary>
    public static (IpAddress Address, ushort Port)? UdpEnd(int descriptor) =>
        Look(descriptor, UdpSocket.EndOf);

    /// <summary>Programs that this process starts do not get it.</summary>
    /// <exception cref="LinuxException">It is not open.</exception>
    public static void CloseAtExec(int descriptor)
    {
        if (Libc.DescriptorControl(descriptor, Libc.F_SETFD, Libc.FD_CLOEXEC) < 0)
            throw LinuxException.Last("fcntl F_SETFD", $"descriptor {descriptor}");
    }

    private static T Look<T>(int descriptor, Func<FileDescriptor, T> look)
    {
        FileDescriptor borrowed = new(descriptor);
        try
        {
            return look(borrowed);
        }
        finally
        {
            borrowed.SetHandleAsInvalid();
        }
    }
}
