using Overlay.ControlPlane.Sources.Kubernetes.Connection;

namespace Overlay.ControlPlane.Sources.Kubernetes.Own;

/// <summary>
/// The pace at which this node repairs annotations that somebody else changes: at once first, then ever more rarely.
/// </summary>
/// <remarks>
/// Two writers that overwrite each other without end would make every node of the cluster work for it.
/// </remarks>
internal sealed class RepairPace(KubernetesTimings timings, TimeProvider time)
{
    private int _repairs;
    private long _repairedAt;

    /// <summary>Somebody changes it again and again.</summary>
    public bool IsContested => _repairs > 1 && !IsForgotten;

    /// <summary>How long until it is next to be written.</summary>
    public TimeSpan Wait
    {
        get
        {
            if (_repairs == 0 || IsForgotten) return TimeSpan.Zero;
            double factor = Math.Pow(2, Math.Min(_repairs - 1, 30));
            TimeSpan pause = timings.FirstRepairPause * factor < timings.LongestRepairPause
                ? timings.FirstRepairPause * factor
                : timings.LongestRepairPause;
            TimeSpan left = pause - time.GetElapsedTime(_repairedAt);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    private bool IsForgotten => time.GetElapsedTime(_repairedAt) > timings.RepairMemory;

    public void Repaired()
    {
        _repairs = IsForgotten ? 1 : _repairs + 1;
        _repairedAt = time.GetTimestamp();
    }
}
