namespace Overlay.ControlPlane.Reconciliation;

/// <summary>Claims of nodes that have gone, kept for them while they may be restarting. Not thread-safe.</summary>
internal sealed class KeptClaims(TimeSpan grace, TimeProvider time)
{
    private readonly Dictionary<Claim, (ClaimAge Age, long Since)> _kept = [];

    public IEnumerable<(Claim Claim, ClaimAge Age)> Claims =>
        _kept.Select(static entry => (entry.Key, entry.Value.Age));

    /// <summary>How long until the next of them is given up; null when there is none.</summary>
    public TimeSpan? NextRelease => _kept.Count == 0 ? null : _kept.Values.Min(entry => Left(entry.Since));

    /// <summary>Keeps a claim that its node has withdrawn with its whole lease.</summary>
    public void Keep(Claim claim, ClaimAge age) => _ = _kept.TryAdd(claim, (age, time.GetTimestamp()));

    public bool TryFind(Claim claim, out ClaimAge age)
    {
        bool isKept = _kept.TryGetValue(claim, out (ClaimAge Age, long Since) entry);
        age = entry.Age;
        return isKept;
    }

    /// <summary>
    /// Gives up what was kept for long enough, and what a node that is back claims itself or claims no more.
    /// </summary>
    public void Release(Func<string, bool> present)
    {
        foreach ((Claim claim, (_, long since)) in _kept)
        {
            if (present(claim.Node) || Left(since) == TimeSpan.Zero) _ = _kept.Remove(claim);
        }
    }

    private TimeSpan Left(long since)
    {
        TimeSpan left = grace - time.GetElapsedTime(since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
