namespace Overlay.Daemon.Firewall;

/// <summary>A rule of a chain, as it concerns a tunnel's packet that is not tracked.</summary>
/// <param name="Meets">How certain it is that the rule is for that packet.</param>
/// <param name="Verb">The rule's end: accept, drop, return, jump or goto; others do nothing to a packet.</param>
/// <param name="Chain">The chain that jump and goto lead to.</param>
/// <param name="Text">The rule as its program writes it.</param>
internal sealed record FilterRule(RuleMeeting Meets, string Verb, string Chain, string Text);
