using System.Runtime.InteropServices;

namespace Overlay.Daemon.Handover;

/// <summary>Keeps SIGTERM and SIGINT in mind, whether the host runs by then, or runs no more.</summary>
internal sealed class SignalToStop : IDisposable
{
    private readonly CancellationTokenSource _sent = new();
    private readonly PosixSignalRegistration[] _registrations;

    public SignalToStop() => _registrations =
    [
        .. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT }.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            _sent.Cancel();
        })),
    ];

    /// <summary>Cancelled with the signal.</summary>
    public CancellationToken Sent => _sent.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _sent.Dispose();
    }
}
