using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Problems;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class ProblemsEvents
{
    [LoggerMessage(EventId = 3700, Level = LogLevel.Error, Message = "{Problem}")]
    public static partial void ProblemReported(this ILogger logger, string problem);

    [LoggerMessage(EventId = 3701, Level = LogLevel.Warning, Message = "{Problem}")]
    public static partial void WarningReported(this ILogger logger, string problem);

    [LoggerMessage(EventId = 3702, Level = LogLevel.Error, Message = "{Part} has failed")]
    public static partial void PartFailed(this ILogger logger, string part, Exception fault);
}
