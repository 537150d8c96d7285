using Overlay.Host.Interop;

namespace Overlay.Daemon.Hosting;

/// <summary>
/// What an operator can do about a system call that failed at start; the kernel's own words rarely say.
/// </summary>
internal static class StartHint
{
    private const int EPERM = 1;

    /// <summary>A clause to put behind the message, or nothing.</summary>
    public static string For(Exception exception) => exception switch
    {
        LinuxException { Errno: EPERM } => "; overlayd needs root or CAP_NET_ADMIN",
        LinuxException { Errno: Errno.EADDRINUSE, Call: "bind" } =>
            "; a kernel VXLAN device such as flannel.1, or another overlayd, has it",
        LinuxException { Errno: Errno.EBUSY, Call: "ioctl TUNSETIFF" } taken =>
            "; a device of that name is there already, another overlayd's or somebody else's, and is left alone: ip "
            + $"-d link show {taken.Subject}",
        LinuxException { Errno: Errno.ENOENT, Subject: "/dev/net/tun" } => "; load the kernel module tun",
        _ => "",
    };
}
