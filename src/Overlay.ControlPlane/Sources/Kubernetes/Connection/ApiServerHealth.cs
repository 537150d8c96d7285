using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>How it goes with the API server; says a failure once, and its end. Thread-safe.</summary>
internal sealed class ApiServerHealth(string server, TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();
    private volatile StoreStatus _status = StoreStatus.Initial;
    private volatile string? _problem;

    public StoreStatus Status => _status;

    /// <summary>Why it does not answer as it should; null when it does.</summary>
    public string? Problem => _problem;

    /// <summary>Nothing was missed until now.</summary>
    public void Synced(string? revision)
    {
        lock (_gate) _status = new(StoreState.Connected, time.GetUtcNow(), revision ?? _status.Revision);
    }

    /// <summary>It does what was asked of it.</summary>
    public void Answered()
    {
        lock (_gate)
        {
            if (_problem is not null) logger.LogInformation("API server {Server} answers again", server);
            _problem = null;
            _status = _status with { State = StoreState.Connected };
        }
    }

    public void Failed(string reason)
    {
        lock (_gate)
        {
            if (_status.State == StoreState.Connected) _status = _status with { State = StoreState.Disconnected };
            if (reason == _problem) return;
            _problem = reason;
            logger.LogWarning("API server {Server} {Reason}. What was read before stays in force, and it is asked again", server, reason);
        }
    }
}
