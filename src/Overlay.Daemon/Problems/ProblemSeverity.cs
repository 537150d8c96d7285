namespace Overlay.Daemon.Problems;

/// <summary>How much a fault on this host matters.</summary>
internal enum ProblemSeverity
{
    /// <summary>
    /// It keeps pods' packets from flowing, or this node from being as the store wants it: the node is not ready.
    /// </summary>
    Problem,

    /// <summary>Pods' packets flow all the same.</summary>
    Warning,
}
