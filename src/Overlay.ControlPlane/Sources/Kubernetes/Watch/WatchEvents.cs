using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Sources.Kubernetes.Watch;

/// <summary>Log events of lists and watches: 2260 to 2279.</summary>
internal static partial class WatchEvents
{
    [LoggerMessage(EventId = 2260, Level = LogLevel.Information, Message =
        "Nodes are read by lists, because the API server cannot send them in a watch: it {Reason}")]
    public static partial void StateWatchRefused(this ILogger logger, string reason);

    [LoggerMessage(EventId = 2261, Level = LogLevel.Information, Message =
        "Nodes are read by lists for {Minutes:0} minutes, because the API server has failed to send them in a watch: "
        + "it {Reason}")]
    public static partial void StateWatchFailed(this ILogger logger, double minutes, string reason);

    [LoggerMessage(EventId = 2262, Level = LogLevel.Debug,
        Message = "Version {Version} of {Resource} is gone; all are read again")]
    public static partial void VersionIsGone(this ILogger logger, string resource, string? version);
}
