using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Lifecycle;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class LifecycleEvents
{
    [LoggerMessage(EventId = 3100, Level = LogLevel.Error, Message = "{Problem}")]
    public static partial void ProblemReported(this ILogger logger, string problem);

    [LoggerMessage(EventId = 3101, Level = LogLevel.Warning, Message = "{Problem}")]
    public static partial void WarningReported(this ILogger logger, string problem);
}
