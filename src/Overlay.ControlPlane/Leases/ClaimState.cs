namespace Overlay.ControlPlane;

/// <summary>Who holds which prefix and address, and since when; settles contradictions. Not thread-safe.</summary>
/// <remarks>
/// The one that held it first wins; of those that come in together, the first by node name. Strength belongs to the
/// claim and not to the lease: a node that changes its MAC or moves one of its prefixes keeps what it kept. A node that
/// restarts withdraws its lease and comes back: what others wait for meanwhile is kept for it.
/// </remarks>
internal sealed class ClaimState(KeptClaims kept)
{
    private Dictionary<Claim, ClaimAge> _ages = [];
    private long _settlements;

    /// <summary>Takes every claim there now is and says which nodes lose, with the reason. What is not named is forgotten.</summary>
    /// <param name="claims">The claims.</param>
    /// <param name="present">The nodes that have a lease, with or without claims.</param>
    public IReadOnlyDictionary<string, string> Settle(IReadOnlyCollection<Claim> claims, Func<string, bool> present)
    {
        _settlements++;
        Dictionary<Claim, ClaimAge> ages = claims.ToDictionary(static claim => claim, AgeOf);
        foreach ((Claim mine, Claim other) in Contests(_ages.Keys).SelectMany(static contest => contest))
        {
            if (_ages[mine].Held && !present(mine.Node) && ages.ContainsKey(other)) kept.Keep(mine, _ages[mine]);
        }

        kept.Release(present);
        foreach ((Claim claim, ClaimAge age) in kept.Claims) ages.Add(claim, age);
        Dictionary<string, string> refused = Refused(ages);
        _ages = claims.ToDictionary(static claim => claim, claim => Aged(ages[claim], !refused.ContainsKey(claim.Node)));
        return refused;
    }

    private ClaimAge AgeOf(Claim claim) =>
        _ages.TryGetValue(claim, out ClaimAge age) || kept.TryFind(claim, out age) ? age : new ClaimAge(Held: false, _settlements);

    private ClaimAge Aged(ClaimAge age, bool held) =>
        age.Held == held ? age : new ClaimAge(held, _settlements);

    private Dictionary<string, string> Refused(Dictionary<Claim, ClaimAge> ages)
    {
        ILookup<string, (Claim Mine, Claim Other)> contests = Contests(ages.Keys);
        Dictionary<string, string> refused = new(StringComparer.Ordinal);
        HashSet<string> accepted = new(StringComparer.Ordinal);
        HashSet<string> begun = new(StringComparer.Ordinal);

        // Strongest first; the node's name makes the order, and with it the outcome, the same everywhere.
        foreach (string node in contests.Select(static contest => contest.Key)
            .OrderBy(node => contests[node].Min(contest => ages[contest.Mine])).ThenBy(static node => node, StringComparer.Ordinal))
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
            int byAge = ages[one].CompareTo(ages[other]);
            return byAge != 0 ? byAge < 0 : string.CompareOrdinal(one.Node, other.Node) < 0;
        }
    }

    /// <summary>Every pair of claims that cannot both stand, by node, seen from both sides.</summary>
    private static ILookup<string, (Claim Mine, Claim Other)> Contests(IEnumerable<Claim> claims)
    {
        // Prefixes nest or are disjoint. In this order a prefix comes right after those it lies in, which are still open.
        IEnumerable<Claim> sorted = claims
            .OrderBy(static claim => claim.Kind).ThenBy(static claim => claim.Prefix.Family)
            .ThenBy(static claim => claim.Prefix.Address.Value).ThenBy(static claim => claim.Prefix.Length)
            .ThenBy(static claim => claim.Node, StringComparer.Ordinal);
        List<(Claim, Claim)> pairs = [];
        Stack<Claim> open = [];
        foreach (Claim claim in sorted)
        {
            while (open.TryPeek(out Claim top) && !(top.Kind == claim.Kind && top.Prefix.Contains(claim.Prefix))) _ = open.Pop();
            foreach (Claim outer in open.Where(outer => outer.Node != claim.Node))
            {
                pairs.Add((claim, outer));
                pairs.Add((outer, claim));
            }

            open.Push(claim);
        }

        return pairs.ToLookup(static pair => pair.Item1.Node, StringComparer.Ordinal);
    }
}
