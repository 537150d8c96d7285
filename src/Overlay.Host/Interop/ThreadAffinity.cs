namespace Overlay.Host.Interop;

/// <summary>Keeps a thread on one processor.</summary>
public static unsafe class ThreadAffinity
{
    private const int Words = 16;
    private const int BitsOfWord = 64;

    /// <summary>Keeps the calling thread on that processor, counted from 0.</summary>
    /// <exception cref="LinuxException">There is no such processor, or this process may not run on it.</exception>
    public static void PinTo(int processor)
    {
        ulong* mask = stackalloc ulong[Words];
        new Span<ulong>(mask, Words).Clear();
        if (processor < Words * BitsOfWord) mask[processor / BitsOfWord] = 1ul << (processor % BitsOfWord);
        if (Libc.SetAffinity(0, Words * sizeof(ulong), mask) < 0)
            throw LinuxException.Last("sched_setaffinity", $"processor {processor}");
    }
}
