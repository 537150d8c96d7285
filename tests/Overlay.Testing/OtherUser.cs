using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Overlay.Testing;

/// <summary>Does something as another user, on a thread of its own: the kernel keeps credentials by thread.</summary>
public static class OtherUser
{
    /// <summary>Nobody's, by Debian's passwd(5).</summary>
    public const uint Id = 65534;

    // setresuid(2) by its number, as libc's function changes all threads.
    private static readonly nint _setResUid = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 117,
        Architecture.Arm64 => 147,
        Architecture other =>
            throw new PlatformNotSupportedException($"setresuid's number on {other} is not known here"),
    };

    /// <summary>Runs it to its end. The caller has to be root.</summary>
    public static T Run<T>(Func<T> action) => OwnThread.Run(() =>
        Call(_setResUid, (nint)Id, (nint)Id, (nint)Id) < 0
            ? throw new Win32Exception(Marshal.GetLastPInvokeError())
            : action());

    // LibraryImport asks for a compiler switch that only Overlay.Host and Overlay.Dataplane.Linux have.
#pragma warning disable SYSLIB1054
    [DllImport("libc", EntryPoint = "syscall", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Call(nint number, nint real, nint effective, nint saved);
#pragma warning restore SYSLIB1054
}
