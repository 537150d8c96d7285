using System.Globalization;

namespace Overlay.EndToEnd.Tests.Endurance;

/// <summary>The daemon's histogram of the time from a change's arrival to the table that has it.</summary>
/// <param name="Changes">How many there were.</param>
/// <param name="P99">The bound of the bucket that has the slowest but one in a hundred, in seconds.</param>
internal sealed record Convergence(long Changes, double P99)
{
    private const string Bucket = "overlay_convergence_seconds_bucket{";

    public static Convergence Of(string metrics)
    {
        (double Bound, long Count)[] buckets = [.. metrics.Split('\n')
            .Where(static line => line.StartsWith(Bucket, StringComparison.Ordinal))
            .Select(static line => (BoundOf(line), long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)))
            .GroupBy(static bucket => bucket.Item1)
            .Select(static bound => (bound.Key, bound.Sum(static bucket => bucket.Item2)))
            .OrderBy(static bucket => bucket.Key)];
        long all = buckets[^1].Count;
        return new Convergence(all, buckets.First(bucket => bucket.Count >= all * 0.99).Bound);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Changes} changes of the table, p99 of convergence at most {P99} s");

    private static double BoundOf(string line)
    {
        const string Name = "le=\"";
        string bound = line[(line.IndexOf(Name, StringComparison.Ordinal) + Name.Length)..].Split('"')[0];
        return bound == "+Inf" ? double.PositiveInfinity : double.Parse(bound, CultureInfo.InvariantCulture);
    }
}
