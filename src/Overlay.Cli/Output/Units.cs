using System.Globalization;

namespace Overlay.Cli.Output;

/// <summary>Numbers as people read them: with three digits and a decimal prefix.</summary>
internal static class Units
{
    private static readonly string[] _prefixes = ["", "k", "M", "G", "T"];

    /// <summary>A rate or count: <c>1.25 Gbit/s</c>.</summary>
    public static string Of(double value, string unit)
    {
        int prefix = 0;
        while (value >= 999.5 && prefix < _prefixes.Length - 1)
        {
            value /= 1000;
            prefix++;
        }

        string digits = (value < 9.995 && value % 1 != 0 ? "0.##" : value < 99.95 && value % 1 != 0 ? "0.#" : "0");
        return $"{value.ToString(digits, CultureInfo.InvariantCulture)} {_prefixes[prefix]}{unit}";
    }

    /// <summary>A duration by its largest unit: <c>3 days</c>, <c>12 min</c>, <c>40 s</c>.</summary>
    public static string Of(TimeSpan time) => time switch
    {
        { TotalDays: >= 2 } => $"{(int)time.TotalDays} days",
        { TotalHours: >= 2 } => $"{(int)time.TotalHours} h",
        { TotalMinutes: >= 2 } => $"{(int)time.TotalMinutes} min",
        _ => $"{Math.Max(0, (int)time.TotalSeconds)} s",
    };
}
