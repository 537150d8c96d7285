using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Captures;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class CapturesEvents
{
    [LoggerMessage(EventId = 4100, Level = LogLevel.Information,
        Message = "A capture of pods' packets begins; it ends with its client, and after {Limit} at the latest")]
    public static partial void CaptureBegun(this ILogger logger, TimeSpan limit);

    [LoggerMessage(EventId = 4101, Level = LogLevel.Information,
        Message = "The capture of pods' packets has ended: {Packets} packets, {Missed} missed")]
    public static partial void CaptureEnded(this ILogger logger, long packets, long missed);
}
