using System.ComponentModel;
using System.Runtime.InteropServices;
using Overlay.Testing;

namespace Overlay.Dataplane.Ebpf.Tests;

/// <summary>
/// Does something with these capabilities alone, on a thread of its own: the kernel keeps them by thread.
/// </summary>
internal static class LimitedThread
{
    public const int NetAdmin = 12;
    public const int SysAdmin = 21;
    public const int Bpf = 39;

    // capset(2) by its number, as libc has no function for it.
    private static readonly nint _capset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 126 : 91;

    public static T Run<T>(Func<T> action, params int[] capabilities)
    {
        ulong set = capabilities.Aggregate(0UL, static (sum, capability) => sum | (1UL << capability));
        return OwnThread.Run(() =>
        {
            // _LINUX_CAPABILITY_VERSION_3; this thread. Then effective, permitted, inheritable, low words before high ones.
            uint[] header = [0x2008_0522, 0];
            uint[] sets = [(uint)set, (uint)set, 0, (uint)(set >> 32), (uint)(set >> 32), 0];
            return Call(_capset, header, sets) < 0
                ? throw new Win32Exception(Marshal.GetLastPInvokeError())
                : action();
        });
    }

    // LibraryImport asks for a compiler switch that test projects do not have.
#pragma warning disable SYSLIB1054
    [DllImport("libc", EntryPoint = "syscall", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Call(nint number, uint[] header, uint[] sets);
#pragma warning restore SYSLIB1054
}
