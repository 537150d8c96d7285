using System.Globalization;
using Overlay.Lab.Processes;

namespace Overlay.EndToEnd.Tests.Endurance;

/// <summary>Figures of <c>/proc/PID/status</c> (proc(5)).</summary>
internal static class ProcessMemory
{
    /// <param name="process">Of the lab.</param>
    /// <param name="field">VmRSS, or RssAnon for what is no file's.</param>
    /// <returns>In bytes.</returns>
    public static long Of(BackgroundProcess process, string field)
    {
        string line = File.ReadLines($"/proc/{process.Pid}/status").First(
            line => line.StartsWith($"{field}:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
