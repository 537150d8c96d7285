using System.Runtime.ExceptionServices;
using Overlay.Host.Interop;

namespace Overlay.Host.Namespaces;

/// <summary>A network namespace by its file (namespaces(7)), such as /run/netns/NAME or /proc/PID/ns/net.</summary>
public sealed unsafe class NamespaceHandle : IDisposable
{
    // include/uapi/linux/nsfs.h: _IO(0xb7, 3), which only files of namespaces answer, with CLONE_NEW*
    private const nuint NS_GET_NSTYPE = 0xb703;

    private const string CurrentPath = "/proc/thread-self/ns/net";

    private readonly FileDescriptor _file;

    private NamespaceHandle(FileDescriptor file, string path)
    {
        _file = file;
        Path = path;
    }

    /// <summary>Where it was opened.</summary>
    public string Path { get; }

    /// <summary>For requests that name a namespace; valid until it is disposed.</summary>
    internal int Descriptor => (int)_file.DangerousGetHandle();

    /// <summary>Opens a namespace.</summary>
    /// <exception cref="LinuxException">
    /// There is no such file (ENOENT), or it is no network namespace (EINVAL).
    /// </exception>
    public static NamespaceHandle Open(string path)
    {
        FileDescriptor file = new(Libc.Open(path, Libc.O_RDONLY | Libc.O_CLOEXEC | Libc.O_NONBLOCK));
        if (file.IsInvalid) throw LinuxException.Last("open", path);
        if (Libc.Ioctl(file, NS_GET_NSTYPE, null) == Libc.CLONE_NEWNET) return new NamespaceHandle(file, path);
        file.Dispose();
        throw new LinuxException("open of a network namespace", path, Errno.EINVAL);
    }

    /// <summary>Is it the namespace that the calling thread is in?</summary>
    /// <exception cref="LinuxException">/proc is not there.</exception>
    public bool IsCurrent() => Inode(Descriptor, "", Path) == Inode(Libc.AT_FDCWD, CurrentPath, CurrentPath);

    /// <summary>Runs something inside, on a thread that ends with it. Sockets opened there stay there.</summary>
    /// <exception cref="LinuxException">It cannot be entered (setns(2)): that needs CAP_SYS_ADMIN.</exception>
    public T Invoke<T>(Func<T> action)
    {
        T? result = default;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                if (Libc.SetNamespace(_file, Libc.CLONE_NEWNET) < 0) throw LinuxException.Last("setns", Path);
                result = action();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }

    public void Dispose() => _file.Dispose();

    // The number in "net:[4026531840]": the one name that a namespace has wherever it is mounted.
    private static ulong Inode(int directory, string path, string subject)
    {
        // struct statx: 256 bytes, stx_ino behind 32 of them
        byte* status = stackalloc byte[256];
        return Libc.Statx(directory, path, Libc.AT_EMPTY_PATH, Libc.STATX_INO, status) == 0
            ? *(ulong*)(status + 32)
            : throw LinuxException.Last("statx", subject);
    }
}
