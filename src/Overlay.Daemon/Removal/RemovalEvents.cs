using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Removal;

/// <summary>The log events of this folder. An id stays with its event.</summary>
internal static partial class RemovalEvents
{
    [LoggerMessage(EventId = 3800, Level = LogLevel.Information, Message = "removed {Thing}")]
    public static partial void Removed(this ILogger logger, string thing);

    [LoggerMessage(EventId = 3801, Level = LogLevel.Error, Message = "stays: {Thing}")]
    public static partial void Stays(this ILogger logger, string thing);

    [LoggerMessage(EventId = 3802, Level = LogLevel.Debug, Message = "{Directory} stays, and is empty: {Reason}")]
    public static partial void EmptyDirectoryStays(this ILogger logger, string directory, string reason);

    [LoggerMessage(
        EventId = 3803, Level = LogLevel.Warning,
        Message = "the configuration and not the last run says what is removed, for they differ: {Difference}")]
    public static partial void AssignmentDiffers(this ILogger logger, string difference);
}
