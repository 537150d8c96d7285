namespace Overlay.Daemon.Firewall;

/// <summary>The certainty that a rule is for a packet; of several conditions the least counts.</summary>
internal enum RuleMeeting
{
    /// <summary>The rule is for other packets.</summary>
    Never,

    /// <summary>The rule is for the packet at most where that is tracked: as one of a new connection.</summary>
    OnlyTracked,

    /// <summary>The rule has a condition on more than protocol, port and state.</summary>
    Perhaps,

    /// <summary>The rule is for the packet.</summary>
    Always,
}
