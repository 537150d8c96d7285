using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Sources.Files;

/// <summary>Log events of lease files: 2000 to 2099.</summary>
internal static partial class FilesEvents
{
    [LoggerMessage(
        EventId = 2000, Level = LogLevel.Error, Message = "Lease directory {Directory} cannot be made: {Reason}")]
    public static partial void DirectoryNotMade(this ILogger logger, string directory, string reason);

    [LoggerMessage(EventId = 2001, Level = LogLevel.Warning,
        Message = "Lease directory {File} {Reason}. {Count} leases read before stay in force")]
    public static partial void DirectoryHasProblem(this ILogger logger, string file, string reason, int count);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Information, Message = "Lease directory {File} is sound again")]
    public static partial void DirectoryIsSound(this ILogger logger, string file);

    [LoggerMessage(
        EventId = 2003, Level = LogLevel.Warning, Message = "Lease file {File} is not taken: {Reason}. {Consequence}")]
    public static partial void LeaseFileNotTaken(this ILogger logger, string file, string reason, string consequence);

    [LoggerMessage(EventId = 2004, Level = LogLevel.Information, Message = "Lease file {File} is sound again")]
    public static partial void LeaseFileIsSound(this ILogger logger, string file);

    [LoggerMessage(EventId = 2005, Level = LogLevel.Warning,
        Message = "Lease directory {File} cannot be watched and is read twice a second: {Reason}")]
    public static partial void DirectoryNotWatched(this ILogger logger, string file, string reason);

    [LoggerMessage(EventId = 2006, Level = LogLevel.Information, Message = "Lease directory {File} is watched again")]
    public static partial void DirectoryWatchedAgain(this ILogger logger, string file);

    [LoggerMessage(EventId = 2007, Level = LogLevel.Warning,
        Message = "Lease file {File} of this node was not in place and is written now")]
    public static partial void OwnLeaseRestored(this ILogger logger, string file);

    [LoggerMessage(EventId = 2008, Level = LogLevel.Error, Message = "Lease file {File}: {Reason}")]
    public static partial void OwnLeaseHasProblem(this ILogger logger, string file, string reason);
}
