namespace Overlay.Daemon.Probes;

/// <summary>The fate of the probes that reached this node, each counted under one. Any thread may count and read.</summary>
internal sealed class ProbeCounters
{
    private readonly long[] _counts = new long[Enum.GetValues<ProbeFate>().Length];

    /// <summary>The counts, with the names that metrics have.</summary>
    public IReadOnlyList<(string Fate, long Probes)> All =>
        [.. Enum.GetValues<ProbeFate>().Select(fate => (fate.ToString().ToLowerInvariant(), this[fate]))];

    public long this[ProbeFate fate] => Interlocked.Read(ref _counts[(int)fate]);

    public void Count(ProbeFate fate) => Interlocked.Increment(ref _counts[(int)fate]);
}

/// <summary>The fate of a packet that arrives at the probe port.</summary>
internal enum ProbeFate
{
    /// <summary>A peer's question, which has its answer.</summary>
    Answered,

    /// <summary>The bytes are no question of this version.</summary>
    Malformed,

    /// <summary>The source is no peer's inner address.</summary>
    Refused,

    /// <summary>More questions than are answered in a second.</summary>
    Limited,

    /// <summary>The kernel did not take the answer: too large for this node's device, or a packet filter.</summary>
    Unsent,
}
