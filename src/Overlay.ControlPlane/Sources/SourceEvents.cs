using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Sources;

/// <summary>Log events of every kind of store: 2300 to 2319.</summary>
internal static partial class SourceEvents
{
    [LoggerMessage(EventId = 2300, Level = LogLevel.Warning, Message =
        "{Kind} {Place}: {Reason}. The leases read before stay in force, and the request is repeated")]
    public static partial void StoreFails(this ILogger logger, string kind, string place, string reason);

    [LoggerMessage(EventId = 2301, Level = LogLevel.Information, Message = "{Kind} {Place} answers again")]
    public static partial void StoreAnswers(this ILogger logger, string kind, string place);

    [LoggerMessage(EventId = 2302, Level = LogLevel.Warning, Message = "{Key} {Problem}")]
    public static partial void EntryHasProblem(this ILogger logger, string key, string problem);

    [LoggerMessage(EventId = 2303, Level = LogLevel.Information, Message = "{Key} is sound again")]
    public static partial void EntryIsSound(this ILogger logger, string key);
}
