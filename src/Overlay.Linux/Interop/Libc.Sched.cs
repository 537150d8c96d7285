using System.Runtime.InteropServices;

namespace Overlay.Linux;

/// <summary>sched_yield and sched_setaffinity.</summary>
internal static unsafe partial class Libc
{
    [LibraryImport("libc", EntryPoint = "sched_yield", SetLastError = true)]
    public static partial int Yield();

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    public static partial int SetAffinity(int thread, nuint size, ulong* mask);
}
