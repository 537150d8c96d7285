using System.Globalization;

namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>The processors that a per-CPU map has values for.</summary>
internal static class Processors
{
    private const string File = "/sys/devices/system/cpu/possible";

    /// <summary>Those that may ever be there: cpu_possible_mask, not those that are on.</summary>
    public static int Possible { get; } = Count(System.IO.File.ReadAllText(File));

    /// <param name="list">Such as <c>0-3,8</c>.</param>
    internal static int Count(string list)
    {
        int count = 0;
        foreach (string range in list.Trim().Split(','))
        {
            int dash = range.IndexOf('-', StringComparison.Ordinal);
            if (dash < 0) count++;
            else
            {
                count += 1 + int.Parse(range.AsSpan(dash + 1), CultureInfo.InvariantCulture)
                    - int.Parse(range.AsSpan(0, dash), CultureInfo.InvariantCulture);
            }
        }

        return count;
    }
}
