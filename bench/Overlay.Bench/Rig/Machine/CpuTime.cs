using System.Globalization;

namespace Overlay.Bench.Rig.Machine;

/// <summary>Seconds that all CPUs together have worked, and been there, since the machine started.</summary>
/// <remarks>
/// The whole machine: an overlay in the kernel works in softirqs, which no process is charged for.
/// </remarks>
internal readonly record struct CpuTime(double Busy, double Total)
{
    // USER_HZ, which every architecture .NET runs on has at 100.
    private const double TicksPerSecond = 100;

    public static CpuTime Now()
    {
        using StreamReader stat = new("/proc/stat");
        return Parse(stat.ReadLine() ?? "");
    }

    /// <summary>Reads the line "cpu user nice system idle iowait irq softirq steal guest guest_nice".</summary>
    public static CpuTime Parse(string line)
    {
        double[] ticks =
        [
            .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Skip(1)
                .Take(8)
                .Select(field => double.Parse(field, CultureInfo.InvariantCulture)),
        ];

        // Idle and iowait are no work; stolen time is another machine's.
        double busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6];
        return new CpuTime(busy / TicksPerSecond, ticks.Sum() / TicksPerSecond);
    }

    public static CpuTime operator -(CpuTime later, CpuTime earlier) =>
        new(later.Busy - earlier.Busy, later.Total - earlier.Total);
}
