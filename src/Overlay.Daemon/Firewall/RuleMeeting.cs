namespace Overlay.Daemon.Firewall;

/// <summary>How certain it is that a rule is for a packet.</summary>
internal enum RuleMeeting
{
    /// <summary>It is for other packets.</summary>
    Never,

    /// <summary>It has a condition on more than protocol, port and state.</summary>
    Perhaps,

    /// <summary>It would be for the packet if that were tracked: as one of a new connection.</summary>
    OnlyTracked,

    /// <summary>It is for the packet.</summary>
    Always,
}
