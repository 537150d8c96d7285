namespace Overlay.ControlPlane.Sources;

/// <summary>
/// A problem that is logged once a cause until it is over, however its text changes from try to try. Thread-safe.
/// </summary>
/// <remarks>Texts that come from outside may differ without end: a cause long past is logged again.</remarks>
internal sealed class SaidOnce
{
    /// <summary>The number of causes that are remembered: far more than a store or a file has at one time.</summary>
    public const int MostCauses = 64;

    private readonly Queue<string> _causes = [];
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
            string said = cause ?? problem;
            if (_causes.Contains(said)) return false;
            if (_causes.Count == MostCauses) _ = _causes.Dequeue();
            _causes.Enqueue(said);
            return true;
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
