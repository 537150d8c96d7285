using System.Globalization;
using Overlay.Daemon.Networks;
using Overlay.Dataplane.Forwarding;

namespace Overlay.Daemon.Captures;

/// <summary>Lets one capture run at a time. Any thread may ask.</summary>
/// <param name="counters">Have the place where each worker looks.</param>
/// <param name="publisher">Knows the peers' names.</param>
/// <param name="time">Clock of the packets.</param>
internal sealed class CaptureGate(NetworkCounters counters, TablePublisher publisher, TimeProvider time)
    : IDisposable
{
    private readonly Lock _gate = new();
    private volatile CaptureSession? _session;

    /// <summary>The capture that runs, in words; null while none does.</summary>
    public string? Status => _session is { } session
        ? string.Create(CultureInfo.InvariantCulture,
            $"runs for {(int)session.Age.TotalSeconds} s: {session.Written} packets, {session.Missed} missed")
        : null;

    /// <summary>Ends the capture that runs.</summary>
    public void Dispose() => _session?.Dispose();

    /// <summary>Begins a capture, for the caller to dispose of; null while another one runs.</summary>
    public CaptureSession? TryBegin(CaptureRequest request)
    {
        lock (_gate)
        {
            if (_session is not null) return null;
            return _session = new CaptureSession(request, counters, publisher, time, () => _session = null);
        }
    }
}
