using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;

namespace Overlay.ControlPlane.Sources.Kubernetes.Watch;

/// <summary>
/// Whether the server sends the state at the beginning of a watch: an old one never does, one in trouble does later.
/// </summary>
internal sealed class StateWatchSupport(KubernetesTimings timings, TimeProvider time, ILogger logger)
{
    private bool _isRefused;
    private long? _failedAt;

    public bool IsUsable =>
        !_isRefused && (_failedAt is not { } failedAt || time.GetElapsedTime(failedAt) >= timings.StateWatchPause);

    /// <summary>The server has refused such a watch, or has failed in it.</summary>
    public void Failed(ApiServerException error)
    {
        if (error.IsRefusal || error.Status is null)
        {
            _isRefused = true;
            logger.StateWatchRefused(error.Message);
        }
        else
        {
            _failedAt = time.GetTimestamp();
            logger.StateWatchFailed(timings.StateWatchPause.TotalMinutes, error.Message);
        }
    }
}
