using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Sources.Kubernetes.Own;

/// <summary>Log events of this node's own Node: 2240 to 2259.</summary>
internal static partial class OwnEvents
{
    [LoggerMessage(EventId = 2240, Level = LogLevel.Warning, Message = "Node {Node} is waited for {WaitsFor}")]
    public static partial void NodeWaitedFor(this ILogger logger, string node, string waitsFor);

    [LoggerMessage(EventId = 2241, Level = LogLevel.Warning,
        Message = "Node {Node} is not in the cluster any more; it is written again when it is back")]
    public static partial void NodeGone(this ILogger logger, string node);

    [LoggerMessage(EventId = 2242, Level = LogLevel.Information, Message = "Node {Node} is in the cluster")]
    public static partial void NodeIsThere(this ILogger logger, string node);

    [LoggerMessage(EventId = 2243, Level = LogLevel.Warning, Message = "Node {Node} {Reason}. The daemon tries again")]
    public static partial void NodeNotWritten(this ILogger logger, string node, string reason);

    [LoggerMessage(EventId = 2244, Level = LogLevel.Warning,
        Message = "Node {Node}: {Reason}. The node's own address is published")]
    public static partial void OverwriteUnusable(this ILogger logger, string node, string reason);

    [LoggerMessage(EventId = 2245, Level = LogLevel.Warning,
        Message = "Node {Node} was changed by somebody and is written again: {Reason}")]
    public static partial void NodeChangedByOthers(this ILogger logger, string node, string reason);

    [LoggerMessage(EventId = 2246, Level = LogLevel.Error, Message = "Node {Node} {Reason}")]
    public static partial void NodeContested(this ILogger logger, string node, string reason);
}
