namespace Overlay.Daemon.Firewall;

/// <summary>
/// Follows a tunnel's packet through the chains of this host: one that is not tracked is dropped where rules accept
/// tunnels by the state NEW alone.
/// </summary>
/// <param name="rulesOf">The rules of a chain.</param>
internal sealed class TunnelVerdict(Func<string, IEnumerable<FilterRule>> rulesOf)
{
    private readonly HashSet<string> _seen = [];
    private string? _stateRule;

    /// <summary>The rule that would accept the packet if it were tracked; null where tracking helps nothing.</summary>
    /// <param name="chain">The chain that the kernel begins with.</param>
    /// <param name="drops">That chain's policy is to drop.</param>
    /// <exception cref="IOException">The rules cannot be listed.</exception>
    public string? FindStateRule(string chain, bool drops) => Follow(chain) ?? !drops ? null : _stateRule;

    // True and false by a rule, null at the chain's end.
    private bool? Follow(string chain)
    {
        if (!_seen.Add(chain)) return null;
        foreach (FilterRule rule in rulesOf(chain))
        {
            bool? verdict = rule switch
            {
                { Meets: RuleMeeting.Never } => null,
                { Verb: "jump" or "goto" } => Follow(rule.Chain),
                { Verb: "accept" } => true,
                { Verb: "drop" } => false,
                _ => null,
            };
            if (rule.Meets == RuleMeeting.OnlyTracked && verdict == true) _stateRule ??= rule.Text;
            if (rule.Meets == RuleMeeting.Always && rule.Verb == "return") return null;

            // A condition on a device or an address holds as a rule where it leads to further rules.
            bool isCertain = rule.Meets == RuleMeeting.Always
                || (rule.Meets == RuleMeeting.Perhaps && rule.Verb is "jump" or "goto");
            if (!isCertain) continue;
            if (verdict is not null || rule.Verb == "goto") return verdict;
        }

        return null;
    }
}
