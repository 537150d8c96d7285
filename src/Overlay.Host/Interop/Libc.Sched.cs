using System.Runtime.InteropServices;

namespace Overlay.Host.Interop;

/// <summary>sched_yield, sched_setaffinity, setns, and priorities.</summary>
internal static unsafe partial class Libc
{
    public const int CLONE_NEWNET = 0x40000000;

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    public static partial int SetNamespace(FileDescriptor descriptor, int kind);

    [LibraryImport("libc", EntryPoint = "getpriority", SetLastError = true)]
    public static partial int GetPriority(int which, uint who);

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    public static partial int SetPriority(int which, uint who, int niceness);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    public static partial int GetLimit(int resource, Limit* limit);

    [LibraryImport("libc", EntryPoint = "sched_yield", SetLastError = true)]
    public static partial int Yield();

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    public static partial int SetAffinity(int thread, nuint size, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    public static partial int GetAffinity(int thread, nuint size, ulong* mask);

    /// <summary>struct rlimit.</summary>
    public struct Limit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
