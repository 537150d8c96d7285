using Microsoft.Extensions.Logging;

namespace Overlay.Host.Files;

/// <summary>Log events of files on the node's disk: 100 to 149.</summary>
internal static partial class FilesEvents
{
    [LoggerMessage(EventId = 100, Level = LogLevel.Debug, Message = "{File} does not exist yet")]
    public static partial void StateMissing(this ILogger logger, string file);

    [LoggerMessage(EventId = 101, Level = LogLevel.Warning, Message = "{File} cannot be used: {Reason}. {Consequence}")]
    public static partial void StateUnusable(this ILogger logger, string file, string reason, string consequence);

    [LoggerMessage(
        EventId = 102, Level = LogLevel.Error, Message = "{File} cannot be written: {Reason}. {Consequence}")]
    public static partial void StateUnwritable(this ILogger logger, string file, string reason, string consequence);

    [LoggerMessage(EventId = 103, Level = LogLevel.Information, Message = "{File} is written again")]
    public static partial void StateWritable(this ILogger logger, string file);
}
