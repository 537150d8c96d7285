using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Sources.Kubernetes.Policies;

/// <summary>Log events of network policies: 2280 to 2289.</summary>
internal static partial class PoliciesEvents
{
    [LoggerMessage(EventId = 2280, Level = LogLevel.Warning,
        Message = "The cluster has NetworkPolicy objects, {Policy} for one, which this network does not enforce")]
    public static partial void PoliciesFound(this ILogger logger, string policy);
}
