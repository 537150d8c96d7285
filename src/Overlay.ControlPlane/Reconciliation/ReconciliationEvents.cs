using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Reconciliation;

/// <summary>Log events of leases on their way to the forwarding table: 1000 to 1099.</summary>
internal static partial class ReconciliationEvents
{
    [LoggerMessage(EventId = 1000, Level = LogLevel.Information,
        Message = "Forwarding table replaced: {Accepted} peers, {Others} not accepted")]
    public static partial void TableReplaced(this ILogger logger, int accepted, int others);

    [LoggerMessage(EventId = 1001, Level = LogLevel.Information,
        Message = "Lease of {Node} is accepted now; it was not: {Reason}")]
    public static partial void LeaseAcceptedNow(this ILogger logger, string node, string? reason);

    [LoggerMessage(
        EventId = 1002, Level = LogLevel.Warning, Message = "Lease of {Node} ({Prefix}) is refused: {Reason}")]
    public static partial void LeaseRefused(this ILogger logger, string node, string prefix, string reason);

    [LoggerMessage(
        EventId = 1003, Level = LogLevel.Information, Message = "Lease of {Node} ({Prefix}) is not ready: {Reason}")]
    public static partial void LeaseNotReady(this ILogger logger, string node, string prefix, string reason);

    [LoggerMessage(
        EventId = 1004, Level = LogLevel.Warning, Message = "Lease of {Node} ({Prefix}) is accepted in part: {Reason}")]
    public static partial void LeaseAcceptedInPart(this ILogger logger, string node, string prefix, string reason);

    [LoggerMessage(EventId = 1005, Level = LogLevel.Information,
        Message = "Lease of {Node} is gone; it was not carried in full: {Reason}")]
    public static partial void LeaseGone(this ILogger logger, string node, string reason);

    [LoggerMessage(EventId = 1006, Level = LogLevel.Warning,
        Message = "The store cannot be read; forwarding begins with the {Count} peers of the last run")]
    public static partial void StoreUnreadable(this ILogger logger, int count);
}
