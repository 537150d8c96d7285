using Microsoft.Extensions.Logging;
using Overlay.Wire.Values;

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

    [LoggerMessage(EventId = 1007, Level = LogLevel.Warning, Message =
        "Node {Node} sends from {Address}, which its lease lacks: frames from there are taken as its own. With flannel, "
        + "set --public-ip to the address of its interface, or update it to 0.27.4")]
    public static partial void SenderLearned(this ILogger logger, string node, IpAddress address);

    [LoggerMessage(EventId = 1008, Level = LogLevel.Information,
        Message = "Frames from {Address} are no longer taken as those of node {Node}: a lease has changed")]
    public static partial void SenderForgotten(this ILogger logger, IpAddress address, string node);

    [LoggerMessage(EventId = 1009, Level = LogLevel.Information, Message =
        "Node {Node} sends from {Address} too: its address {Oldest}, which was learnt before its others, makes room")]
    public static partial void SenderReplaced(this ILogger logger, string node, IpAddress address, IpAddress oldest);

    [LoggerMessage(EventId = 1006, Level = LogLevel.Warning,
        Message = "The store cannot be read; forwarding begins with the {Count} peers of the last run")]
    public static partial void StoreUnreadable(this ILogger logger, int count);
}
