namespace Overlay.ControlPlane.Sources;

/// <summary>
/// A problem that is logged once a cause until it is over, however its text changes from try to try. Thread-safe.
/// </summary>
internal sealed class SaidOnce
{
    private readonly HashSet<string> _causes = new(StringComparer.Ordinal);
    private volatile string? _problem;

    /// <summary>The newest text; null when all is well.</summary>
    public string? Problem => _problem;

    /// <summary>The problem is there, or is still there.</summary>
    /// <param name="problem">The text.</param>
    /// <param name="cause">Its cause; null for the text itself.</param>
    /// <returns>True when this cause is to be logged.</returns>
    public bool Begin(string problem, string? cause = null)
    {
        lock (_causes)
        {
            _problem = problem;
            return _causes.Add(cause ?? problem);
        }
    }

    /// <summary>The problem is over.</summary>
    /// <returns>True when there was one, and so its end is to be logged.</returns>
    public bool End()
    {
        lock (_causes)
        {
            bool was = _problem is not null;
            _problem = null;
            _causes.Clear();
            return was;
        }
    }
}
