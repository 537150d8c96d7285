namespace Overlay.ControlPlane.Reconciliation;

/// <summary>
/// The holders of prefixes and addresses, with the age of their claims; settles contradictions. Not thread-safe.
/// </summary>
/// <remarks>
/// The first holder wins; of claims that come in together, the first by node name. Strength belongs to the
/// claim and not to the lease: a node that changes its MAC or moves one of its prefixes keeps the others. A node that
/// restarts may withdraw its lease and come back: claims that others wait for are kept for it meanwhile.
/// </remarks>
internal sealed class ClaimState(KeptClaims kept)
{
    private readonly SortedDictionary<Claim, ClaimAge> _ages = new(ClaimOrder.Instance);
    private long _settlements;

    /// <summary>Takes what changed and says which nodes lose, of all there are, with the reason.</summary>
    /// <param name="withdrawn">
    /// Claims that are forgotten, unless they are made again, or kept for a node that may come back.
    /// </param>
    /// <param name="made">New claims, or such as were made before: those keep their age.</param>
    /// <param name="present">The nodes that have a lease, with or without claims.</param>
    public IReadOnlyDictionary<string, string> Settle(
        IReadOnlyCollection<Claim> withdrawn, IReadOnlyCollection<Claim> made, Func<string, bool> present)
    {
        _settlements++;
        KeepContested([.. withdrawn.Where(claim => !present(claim.Node) && _ages[claim].Held)]);
        foreach (Claim claim in withdrawn.Except(made)) _ = _ages.Remove(claim);
        foreach (Claim claim in made)
            _ = _ages.TryAdd(
                claim, kept.TryFind(claim, out ClaimAge age) ? age : new ClaimAge(Held: false, _settlements));
        kept.Release(present);

        // Kept claims contend like the rest, and leave again before claims are turned.
        foreach ((Claim claim, ClaimAge age) in kept.Claims) _ages.Add(claim, age);
        Dictionary<string, string> refused = Refused();
        foreach ((Claim claim, _) in kept.Claims) _ = _ages.Remove(claim);

        List<(Claim, bool IsHeld)> turned = [];
        foreach ((Claim claim, ClaimAge age) in _ages)
        {
            bool isHeld = refused.Count == 0 || !refused.ContainsKey(claim.Node);
            if (age.Held != isHeld) turned.Add((claim, isHeld));
        }

        foreach ((Claim claim, bool isHeld) in turned) _ages[claim] = new ClaimAge(isHeld, _settlements);
        return refused;
    }

    private void KeepContested(HashSet<Claim> left)
    {
        if (left.Count == 0) return;
        foreach ((Claim mine, Claim other) in Contests(_ages.Keys).SelectMany(static contest => contest))
        {
            if (left.Contains(mine) && !left.Contains(other)) kept.Keep(mine, _ages[mine]);
        }
    }

    private Dictionary<string, string> Refused()
    {
        ILookup<string, (Claim Mine, Claim Other)> contests = Contests(_ages.Keys);
        Dictionary<string, string> refused = new(StringComparer.Ordinal);
        HashSet<string> accepted = new(StringComparer.Ordinal);
        HashSet<string> begun = new(StringComparer.Ordinal);

        // Strongest first; the node's name makes the order, and with it the outcome, the same everywhere.
        foreach (string node in contests.Select(static contest => contest.Key)
            .OrderBy(node => contests[node].Min(contest => _ages[contest.Mine]))
            .ThenBy(static node => node, StringComparer.Ordinal))
            Decide(node);
        return refused;

        // A lease stands or falls whole, so whoever is stronger on any one claim is decided before. Stronger claims may
        // run in a circle (each node of it holds what the next one wants): then the one begun first is decided last.
        void Decide(string node)
        {
            if (!begun.Add(node)) return;
            foreach ((Claim mine, Claim other) in contests[node])
            {
                if (IsStronger(other, mine)) Decide(other.Node);
            }

            foreach ((Claim mine, Claim other) in contests[node])
            {
                if (!accepted.Contains(other.Node)) continue;
                refused.Add(node, mine.LosesTo(other, kept.TryFind(other, out _)));
                return;
            }

            _ = accepted.Add(node);
        }

        bool IsStronger(Claim one, Claim other)
        {
            int byAge = _ages[one].CompareTo(_ages[other]);
            return byAge != 0 ? byAge < 0 : string.CompareOrdinal(one.Node, other.Node) < 0;
        }
    }

    /// <summary>Every pair of claims that cannot both stand, by node, seen from both sides.</summary>
    /// <param name="claims">
    /// In <see cref="ClaimOrder"/>: one comes right after those it lies in, which are still open.
    /// </param>
    private static ILookup<string, (Claim Mine, Claim Other)> Contests(IEnumerable<Claim> claims)
    {
        List<(Claim, Claim)> pairs = [];
        Stack<Claim> open = [];
        foreach (Claim claim in claims)
        {
            while (open.TryPeek(out Claim top) && !(top.Kind == claim.Kind && top.Prefix.Contains(claim.Prefix)))
                _ = open.Pop();
            foreach (Claim outer in open)
            {
                if (outer.Node == claim.Node) continue;
                pairs.Add((claim, outer));
                pairs.Add((outer, claim));
            }

            open.Push(claim);
        }

        return pairs.ToLookup(static pair => pair.Item1.Node, StringComparer.Ordinal);
    }
}
