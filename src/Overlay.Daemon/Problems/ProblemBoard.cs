using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Problems;

/// <summary>
/// The faults of this host that are there now. Every part reports its own under a key; status and readiness read them
/// all.
/// </summary>
/// <remarks>
/// Any thread may report and read. A text is logged when it is reported and no key has reported it yet.
/// </remarks>
internal sealed class ProblemBoard
{
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private volatile IReadOnlyList<Entry> _entries = [];

    public ProblemBoard(ILogger<ProblemBoard> logger)
    {
        _logger = logger;
        Guard = new PartGuard(this, logger);
    }

    /// <summary>Catches what the reporting parts did not expect, and reports it here.</summary>
    public PartGuard Guard { get; }

    /// <summary>Every fault that keeps pods' packets from flowing, in the order in which the keys came.</summary>
    public IReadOnlyList<string> Problems => Of(ProblemSeverity.Problem);

    /// <summary>
    /// Every key whose faults are problems, with those of now, in the order in which the keys came; also a key that has
    /// none now.
    /// </summary>
    public IReadOnlyList<(string Part, IReadOnlyList<string> Texts)> ProblemParts =>
        [.. _entries.Where(static entry => entry.Severity == ProblemSeverity.Problem)
            .Select(static entry => (entry.Key, entry.Texts))];

    /// <summary>Every other fault.</summary>
    public IReadOnlyList<string> Warnings => Of(ProblemSeverity.Warning);

    /// <summary>Replaces all that this key has reported, whatever its severity was.</summary>
    /// <param name="key">The reporting part's own.</param>
    /// <param name="severity">Of all the texts.</param>
    /// <param name="texts">A sentence for each fault, with what to do; none where all is well.</param>
    public void Report(string key, ProblemSeverity severity, params IEnumerable<string> texts)
    {
        string[] reported = [.. texts];
        lock (_gate)
        {
            Entry? before = _entries.FirstOrDefault(entry => entry.Key == key);
            Entry now = new(key, severity, reported);
            string[] known = [.. _entries.SelectMany(static entry => entry.Texts)];
            _entries = before is null
                ? [.. _entries, now]
                : [.. _entries.Select(entry => entry == before ? now : entry)];
            foreach (string text in reported.Except(known)) Log(severity, text);
        }
    }

    private IReadOnlyList<string> Of(ProblemSeverity severity) =>
        [.. _entries.Where(entry => entry.Severity == severity).SelectMany(static entry => entry.Texts).Distinct()];

    private void Log(ProblemSeverity severity, string text)
    {
        if (severity == ProblemSeverity.Problem) _logger.ProblemReported(text);
        else _logger.WarningReported(text);
    }

    private sealed record Entry(string Key, ProblemSeverity Severity, IReadOnlyList<string> Texts);
}
