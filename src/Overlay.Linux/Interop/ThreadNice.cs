namespace Overlay.Linux;

/// <summary>Puts a thread before others in the scheduler's order.</summary>
public static class ThreadNice
{
    private const int PRIO_PROCESS = 0;

    /// <summary>Sets the calling thread's nice value: -20 (first) to 19 (last).</summary>
    /// <returns>False where this process may not: it needs CAP_SYS_NICE to go below 0.</returns>
    public static bool TrySet(int nice) => Libc.SetPriority(PRIO_PROCESS, Libc.ThreadId(), nice) == 0;
}
