namespace Overlay.Host.Interop;

/// <summary>The time that the calling thread has had a processor.</summary>
public static unsafe class ThreadTime
{
    private const int NanosecondsPerTick = 100;

    /// <summary>
    /// The calling thread's processor time since its start, in user space and in the kernel (clock_gettime(2),
    /// CLOCK_THREAD_CPUTIME_ID). Waiting for a processor or for another thread adds nothing.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static TimeSpan Used()
    {
        Libc.TimeSpec time;
        if (Libc.GetTime(Libc.CLOCK_THREAD_CPUTIME_ID, &time) < 0)
            throw LinuxException.Last("clock_gettime", "CLOCK_THREAD_CPUTIME_ID");
        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / NanosecondsPerTick);
    }
}
