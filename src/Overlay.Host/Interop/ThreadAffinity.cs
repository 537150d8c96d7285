using System.Numerics;

namespace Overlay.Host.Interop;

/// <summary>Keeps a thread on one processor.</summary>
public static unsafe class ThreadAffinity
{
    // 8192 processors, the most that Linux has (NR_CPUS): sched_getaffinity refuses a mask below the kernel's.
    private const int Words = 128;
    private const int BitsOfWord = 64;

    /// <summary>
    /// The processors that the calling thread may run on, counted from 0: a cpuset, taskset or an earlier
    /// <see cref="PinTo"/> leaves out others.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static IReadOnlyList<int> Allowed()
    {
        ulong* mask = stackalloc ulong[Words];
        new Span<ulong>(mask, Words).Clear();
        if (Libc.GetAffinity(0, Words * sizeof(ulong), mask) < 0)
            throw LinuxException.Last("sched_getaffinity", "the calling thread");
        List<int> processors = [];
        for (int i = 0; i < Words; i++)
        {
            for (ulong word = mask[i]; word != 0; word &= word - 1)
                processors.Add((i * BitsOfWord) + BitOperations.TrailingZeroCount(word));
        }

        return processors;
    }

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
