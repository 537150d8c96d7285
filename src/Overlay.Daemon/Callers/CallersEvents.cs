using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Callers;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class CallersEvents
{
    [LoggerMessage(EventId = 4400, Level = LogLevel.Warning,
        Message = "User {User} (process {Process}) is refused at {Socket}: root and the daemon's own user may ask; "
            + "{Unlogged} more were refused since the last such line")]
    public static partial void CallerRefused(
        this ILogger logger, uint user, int process, string socket, int unlogged);
}
