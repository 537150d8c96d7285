using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Overlay.Daemon.Admin;

/// <summary>An answer to a probe: an HTTP status, and a line for people or, with ?verbose, one a condition.</summary>
internal sealed record Health(int Status, string Text)
{
    private const string Live = "/livez";
    private const string Healthy = "/healthz";
    private const string Started = "/startedz";
    private const string Ready = "/readyz";

    /// <summary>The paths that are answered.</summary>
    public static IReadOnlyList<string> Paths { get; } = [Live, Healthy, Started, Ready];

    /// <summary>The answer of now; null for another path.</summary>
    /// <param name="path">One of <see cref="Paths"/>.</param>
    /// <param name="isVerbose">Each condition is to be named.</param>
    /// <param name="checks">The conditions.</param>
    /// <param name="reader">Knows the reason in short, and the parts of the host.</param>
    public static async Task<Health?> FindAsync(
        string path, bool isVerbose, HealthCheckService checks, AdminReader reader)
    {
        if (!Paths.Contains(path)) return null;
        bool isLiveness = path is Live or Healthy;
        HealthReport report = await checks.CheckHealthAsync(check =>
            check.Tags.Contains(isLiveness ? NodeHealthCheck.Live : NodeHealthCheck.Ready));
        bool isGood = report.Status == HealthStatus.Healthy || (path == Started && reader.IsLongUp);
        int status = isGood ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return new(status, (isVerbose, isGood) switch
        {
            (true, _) => Verbose(path, isGood, report, isLiveness ? [] : reader.ProblemParts),
            (_, true) when isLiveness => "overlayd is running\n",
            (_, true) => path == Started ? "overlayd has started\n" : "overlayd is ready\n",
            _ => $"overlayd is not ready yet{(reader.Obstacle is { } obstacle ? $": {obstacle}" : "")}\n",
        });
    }

    // The form is that of Kubernetes' components, which people and programs read already.
    private static string Verbose(
        string path, bool isGood, HealthReport report,
        IReadOnlyList<(string Part, IReadOnlyList<string> Texts)> parts)
    {
        StringBuilder text = new();
        foreach ((string name, HealthReportEntry entry) in report.Entries)
            Line(name, entry.Status == HealthStatus.Healthy ? null : entry.Description);
        foreach ((string part, IReadOnlyList<string> texts) in parts)
            Line($"host/{part.Replace(' ', '-')}", texts.Count == 0 ? null : string.Join("; ", texts));
        return text.Append(path.AsSpan(1)).Append(isGood ? " check passed\n" : " check failed\n").ToString();

        void Line(string name, string? reason) => text.Append(
            reason is null ? $"[+]{name} ok\n" : $"[-]{name} failed: {reason.ReplaceLineEndings(" ")}\n");
    }
}
