using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Lifecycle;

/// <summary>
/// The end of the process for a part that cannot go on: the first fault is kept, logged, and stops the host.
/// </summary>
internal sealed class FatalFault(
    ProcessOutcome outcome, IHostApplicationLifetime host, ProblemBoard problems, ILogger<FatalFault> logger)
{
    /// <param name="part">The part, as a subject: "the control plane".</param>
    /// <param name="fault">The reason.</param>
    public void Raise(string part, Exception fault)
    {
        problems.Guard.Count(part);
        if (!outcome.TryFail(fault)) return;
        logger.PartFailed(part, fault.Message, IsExpected(fault) ? null : fault);
        host.StopApplication();
    }

    // The message of a refusal says all; a defect is found by its stack trace.
    private static bool IsExpected(Exception fault) =>
        fault is IOException or UnauthorizedAccessException or ConfigurationException or InvalidDataException;
}
