namespace Overlay.Dataplane.Counters;

/// <summary>System calls of one worker. Its thread alone adds; any thread reads.</summary>
/// <remarks>Padded by a cache line at both ends, so that two workers' counters never share one.</remarks>
public sealed class SyscallCounters
{
    private const int Padding = 16;

    private readonly long[] _values = new long[Padding + Enum.GetValues<Syscall>().Length + Padding];

    /// <summary>Calls so far, those that found nothing included.</summary>
    public long this[Syscall call] => Volatile.Read(ref _values[Padding + (int)call]);

    /// <summary>Adds calls that were made.</summary>
    public void Add(Syscall call, int count = 1)
    {
        // One writer: a plain read and a plain 8-byte store, no interlocked instruction.
        ref long value = ref _values[Padding + (int)call];
        Volatile.Write(ref value, value + count);
    }
}

/// <summary>The system calls that a worker's packets cost.</summary>
public enum Syscall
{
    /// <summary>read of the TUN: one packet or super-packet, or none.</summary>
    Read,

    /// <summary>write or writev to the TUN: one packet or super-packet.</summary>
    Write,

    /// <summary>recvmmsg of a socket of the underlay: a batch, or none.</summary>
    Recvmmsg,

    /// <summary>sendmmsg to the underlay: packets of one source port.</summary>
    Sendmmsg,

    /// <summary>poll of all of them, to sleep or to look.</summary>
    Poll,
}
