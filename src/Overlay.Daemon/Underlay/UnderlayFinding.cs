namespace Overlay.Daemon.Underlay;

/// <summary>The outcome of a look for the underlay. Immutable.</summary>
internal abstract record UnderlayFinding
{
    private UnderlayFinding()
    {
    }

    /// <summary>There is one.</summary>
    /// <param name="Interface">The interface with its addresses.</param>
    /// <param name="Choice">Why these addresses and no others of it; null where there are no others.</param>
    public sealed record Found(UnderlayInterface Interface, string? Choice = null) : UnderlayFinding;

    /// <summary>There is none yet, and time may bring it.</summary>
    /// <param name="Wanted">What it lacks, as the object of "waiting for".</param>
    public sealed record Missing(string Wanted) : UnderlayFinding;
}
