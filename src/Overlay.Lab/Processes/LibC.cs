using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Overlay.Lab.Processes;

/// <summary>The two system calls .NET has no door to.</summary>
internal static class LibC
{
    public const int SigTerm = 15;
    public const int SigKill = 9;

    private const int NoSuchProcess = 3;
    private const int CloneNewNet = 0x40000000;

    /// <summary>Moves the calling thread, and no other, into a network namespace.</summary>
    public static void EnterNetworkNamespace(SafeHandle file)
    {
        if (SetNamespace(file, CloneNewNet) != 0)
        {
            throw new LabException($"setns: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
    }

    /// <summary>Sends a signal to one process; one that is already gone is no error.</summary>
    public static void Signal(int pid, int signal)
    {
        // 0 and negative numbers would address whole process groups.
        ArgumentOutOfRangeException.ThrowIfLessThan(pid, 2);
        if (Kill(pid, signal) != 0 && Marshal.GetLastPInvokeError() is int error and not NoSuchProcess)
        {
            throw new LabException($"kill {pid}: {new Win32Exception(error).Message}");
        }
    }

    // LibraryImport asks for a compiler switch that only Overlay.Host and Overlay.Dataplane.Linux have.
#pragma warning disable SYSLIB1054
    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetNamespace(SafeHandle file, int kind);

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
#pragma warning restore SYSLIB1054
}
