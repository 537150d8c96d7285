using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Sources.Kubernetes.Nodes;

/// <summary>Log events of Nodes: 2220 to 2239.</summary>
internal static partial class NodesEvents
{
    [LoggerMessage(
        EventId = 2220, Level = LogLevel.Warning, Message = "Nodes: {Reason}. The leases read before stay in force")]
    public static partial void NodesDoubted(this ILogger logger, string reason);

    [LoggerMessage(EventId = 2221, Level = LogLevel.Information, Message = "There are nodes again")]
    public static partial void NodesBelieved(this ILogger logger);

    [LoggerMessage(
        EventId = 2222, Level = LogLevel.Warning, Message = "Node {Node} is not taken: {Reason}. {Consequence}")]
    public static partial void NodeNotTaken(this ILogger logger, string node, string reason, string consequence);

    [LoggerMessage(EventId = 2223, Level = LogLevel.Information, Message = "Node {Node} is sound again")]
    public static partial void NodeIsSound(this ILogger logger, string node);

    [LoggerMessage(EventId = 2224, Level = LogLevel.Warning,
        Message = "The API server sends a node without a name such as node-a; it is passed over")]
    public static partial void NodeNameless(this ILogger logger);
}
