using Overlay.Daemon.Problems;
using Overlay.Host.Interop;

namespace Overlay.Daemon.Networks;

/// <summary>
/// Spreads workers over the processors that this process may run on, one each. A refusal is a warning: a worker that is
/// not pinned works as well.
/// </summary>
/// <param name="problems">The board that a refusal goes to.</param>
internal sealed class WorkerPinning(ProblemBoard problems)
{
    /// <summary>Keeps the calling thread, a worker's, on its processor.</summary>
    /// <param name="worker">The worker's name.</param>
    /// <param name="index">Which of the workers, from 0: with more of them than processors they take turns.</param>
    public void Pin(string worker, int index)
    {
        string key = $"processor of {worker}";
        try
        {
            // The mask of the thread that made the worker is the worker's too.
            IReadOnlyList<int> allowed = ThreadAffinity.Allowed();
            ThreadAffinity.PinTo(allowed[index % allowed.Count]);
            problems.Report(key, ProblemSeverity.Warning);
        }
        catch (LinuxException refused)
        {
            problems.Report(
                key, ProblemSeverity.Warning,
                $"worker {worker} is kept on no processor: {refused.Message}; set Overlay:Dataplane:PinWorkers to false, "
                + "or let the process run there (AllowedCPUs of the unit, the container's cpuset)");
        }
    }
}
