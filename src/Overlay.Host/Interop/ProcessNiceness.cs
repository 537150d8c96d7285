using System.Globalization;

namespace Overlay.Host.Interop;

/// <summary>
/// The niceness (setpriority(2)) of all threads of this process: other programs get the processors first until it is given back.
/// </summary>
public sealed unsafe class ProcessNiceness : IDisposable
{
    // A weight of a tenth (sched_prio_to_weight, kernel/sched/core.c).
    private const int Low = 10;
    private const int PRIO_PROCESS = 0;
    private const int RLIMIT_NICE = 13;
    private const int Ceiling = 20;
    private const int CAP_SYS_NICE = 23;

    private bool _isLow = true;

    private ProcessNiceness()
    {
    }

    /// <summary>
    /// Lowers this process' claim to processors. Null where it could not be given back: without CAP_SYS_NICE or a limit
    /// (RLIMIT_NICE) of 20; and where another niceness than 0 was chosen for it.
    /// </summary>
    public static ProcessNiceness? Lower()
    {
        if (Libc.GetPriority(PRIO_PROCESS, 0) != 0 || !CanRaise()) return null;

        // In a user namespace a capability may be one of that namespace alone, which does not do: this thread finds out.
        if (Libc.SetPriority(PRIO_PROCESS, 0, 1) != 0 || Libc.SetPriority(PRIO_PROCESS, 0, 0) != 0) return null;
        SetAll(Low);
        return new ProcessNiceness();
    }

    /// <summary>Gives all threads their niceness back.</summary>
    public void Dispose()
    {
        if (_isLow) SetAll(0);
        _isLow = false;
    }

    private static bool CanRaise()
    {
        Libc.Limit limit;
        return (Libc.GetLimit(RLIMIT_NICE, &limit) == 0 && limit.Soft >= Ceiling) || HasCapability();
    }

    // proc(5): a mask in hexadecimal.
    private static bool HasCapability()
    {
        const string Field = "CapEff:";
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith(Field, StringComparison.Ordinal))
                return (ulong.Parse(line.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                    & (1ul << CAP_SYS_NICE)) != 0;
        }

        return false;
    }

    // A thread that begins meanwhile has its creator's: the second round finds it.
    private static void SetAll(int niceness)
    {
        for (int round = 0; round < 2; round++)
        {
            foreach (string task in Directory.GetDirectories("/proc/self/task"))
            {
                // One that has ended meanwhile needs none.
                _ = Libc.SetPriority(PRIO_PROCESS, uint.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), niceness);
            }
        }
    }
}
