using System.Runtime.InteropServices;

namespace Overlay.Host.Interop;

/// <summary>A system call failed: which, on what, and with which error number.</summary>
public sealed class LinuxException : IOException
{
    /// <param name="call">The call as its manual page names it, with its request: <c>ioctl TUNSETIFF</c>.</param>
    /// <param name="subject">The device, address or file it was about.</param>
    /// <param name="errno">The kernel's error number, positive.</param>
    public LinuxException(string call, string subject, int errno)
        : base($"{call} on {subject} failed: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})")
    {
        Call = call;
        Subject = subject;
        Errno = errno;
    }

    public string Call { get; }

    public string Subject { get; }

    /// <summary>The kernel's error number, one of <see cref="Linux.Errno"/> where it is acted on.</summary>
    public int Errno { get; }

    /// <summary>The exception for the native call that has just failed on this thread.</summary>
    internal static LinuxException Last(string call, string subject) =>
        new(call, subject, Marshal.GetLastPInvokeError());
}
