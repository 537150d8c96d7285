using System.Globalization;

namespace Overlay.Bench.Rig.Machine;

/// <summary>
/// Looks whether something else keeps the machine busy, which would be measured along with the peers.
/// </summary>
internal static class LoadGuard
{
    /// <summary>Share of all CPUs that a machine at rest may be busy.</summary>
    private const double Limit = 0.15;

    private const double TicksPerSecond = 100;

    private static readonly TimeSpan _window = TimeSpan.FromSeconds(1);

    /// <summary>Null for a machine at rest; otherwise one line with the busiest processes.</summary>
    public static string? Complaint()
    {
        Dictionary<string, double> before = Processes();
        CpuTime start = CpuTime.Now();
        Thread.Sleep(_window);
        CpuTime spent = CpuTime.Now() - start;
        double busy = spent.Busy / spent.Total;
        if (busy <= Limit) return null;

        IEnumerable<string> busiest = Processes()
            .Select(process => (process.Key, Seconds: process.Value - before.GetValueOrDefault(process.Key)))
            .Where(process => process.Seconds > 0.01)
            .OrderByDescending(process => process.Seconds)
            .Take(3)
            .Select(process => $"{process.Key} {process.Seconds / spent.Total:0 %}");
        string names = string.Join(", ", busiest.DefaultIfEmpty("no process of its own, perhaps interrupts"));
        return $"the CPUs are {busy:0 %} busy with other work (at most {Limit:0 %}): {names}; "
            + "wait or end it, or measure all the same with --beside-load";
    }

    /// <summary>CPU seconds of each process, by "name (pid)".</summary>
    private static Dictionary<string, double> Processes()
    {
        Dictionary<string, double> processes = [];
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                || pid == Environment.ProcessId)
            {
                continue;
            }

            try
            {
                (string name, double seconds) = ParseStat(File.ReadAllText(Path.Combine(directory, "stat")));
                processes[$"{name} ({pid})"] = seconds;
            }
            catch (IOException)
            {
                // It has just ended.
            }
        }

        return processes;
    }

    /// <summary>
    /// Name and CPU seconds in /proc/PID/stat; the name stands in parentheses and may contain anything.
    /// </summary>
    internal static (string Name, double Seconds) ParseStat(string stat)
    {
        int open = stat.IndexOf('(', StringComparison.Ordinal);
        int close = stat.LastIndexOf(')');
        string[] fields = stat[(close + 2)..].Split(' ');

        // utime and stime are fields 14 and 15 of proc(5), where the state behind the name is field 3.
        double ticks = double.Parse(fields[11], CultureInfo.InvariantCulture)
            + double.Parse(fields[12], CultureInfo.InvariantCulture);
        return (stat[(open + 1)..close], ticks / TicksPerSecond);
    }
}
