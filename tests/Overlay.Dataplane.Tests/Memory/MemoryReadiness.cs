using Overlay.Dataplane.Ports;

namespace Overlay.Dataplane.Tests;

/// <summary>Waits for two memory devices by the event that both set.</summary>
internal sealed class MemoryReadiness(AutoResetEvent filled) : IReadiness
{
    private volatile bool _isInterrupted;

    public bool IsInterrupted => _isInterrupted;

    public void Wait() => filled.WaitOne();

    public void Interrupt()
    {
        _isInterrupted = true;
        _ = filled.Set();
    }
}
