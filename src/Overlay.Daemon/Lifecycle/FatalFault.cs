using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Lifecycle;

/// <summary>
/// The end of the process for a part that cannot go on: the first fault is kept, logged, and stops the host.
/// </summary>
internal sealed class FatalFault(ProcessOutcome outcome, IHostApplicationLifetime host, ILogger<FatalFault> logger)
{
    /// <param name="part">The part, as a subject: "the control plane".</param>
    /// <param name="fault">The reason.</param>
    public void Raise(string part, Exception fault)
    {
        if (!outcome.TryFail(fault)) return;
        logger.PartFailed(part, fault.Message);
        host.StopApplication();
    }
}
