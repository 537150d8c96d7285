using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>Log events of the connection to the API server: 2200 to 2209.</summary>
internal static partial class ConnectionEvents
{
    [LoggerMessage(EventId = 2200, Level = LogLevel.Warning,
        Message = "API server {Server} is plain HTTP, where anyone could read a token: none is sent")]
    public static partial void TokenNotSent(this ILogger logger, Uri server);
}
