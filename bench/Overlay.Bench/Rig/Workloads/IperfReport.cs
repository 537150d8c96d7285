using System.Globalization;

namespace Overlay.Bench.Rig.Workloads;

/// <summary>What an iperf 2 server prints with -y C: one line a stream, when the stream has ended.</summary>
internal sealed record IperfReport(double Bytes, double BitsPerSecond)
{
    private const int Fields = 9;
    private const int IdField = 5;
    private const int BytesField = 7;
    private const int RateField = 8;

    /// <summary>Null until all streams have reported.</summary>
    public static IperfReport? Parse(string output, int streams)
    {
        List<(double Bytes, double Seconds)> reports = [];

        // A line without its end may be half a line, with a rate that is half a number.
        string whole = output[..(output.LastIndexOf('\n') + 1)];
        foreach (string line in whole.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] fields = line.Split(',');

            // A stream's number is positive; the sum of all has none.
            if (fields.Length < Fields || Number(fields[IdField]) is not > 0) continue;
            if (Number(fields[BytesField]) is double bytes && Number(fields[RateField]) is double rate and > 0)
            {
                reports.Add((bytes, 8 * bytes / rate));
            }
        }

        if (reports.Count < streams) return null;
        double total = reports.Sum(report => report.Bytes);
        return new IperfReport(total, 8 * total / reports.Max(report => report.Seconds));
    }

    private static double? Number(string field) =>
        double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;
}
