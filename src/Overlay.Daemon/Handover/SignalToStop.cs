using System.Runtime.InteropServices;

namespace Overlay.Daemon.Handover;

/// <summary>Waits for SIGTERM or SIGINT, also for one that came while the host ran, which minds it by itself.</summary>
internal sealed class SignalToStop : IDisposable
{
    private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;

    public SignalToStop() => _registrations =
    [
        .. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT }.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            _ = _sent.TrySetResult();
        })),
    ];

    /// <summary>Ends with the signal.</summary>
    public Task Sent => _sent.Task;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
    }
}
