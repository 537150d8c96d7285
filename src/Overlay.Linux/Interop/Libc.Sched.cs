using System.Runtime.InteropServices;

namespace Overlay.Linux;

/// <summary>sched_yield, sched_setaffinity and setpriority.</summary>
internal static unsafe partial class Libc
{
    [LibraryImport("libc", EntryPoint = "sched_yield", SetLastError = true)]
    public static partial int Yield();

    [LibraryImport("libc", EntryPoint = "gettid", SetLastError = true)]
    public static partial int ThreadId();

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    public static partial int SetPriority(int which, int thread, int nice);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    public static partial int SetAffinity(int thread, nuint size, ulong* mask);
}
