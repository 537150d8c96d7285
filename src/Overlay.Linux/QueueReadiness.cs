using Overlay.Dataplane;

namespace Overlay.Linux;

/// <summary>Waits for a TUN queue and the sockets of an underlay queue at once, by poll.</summary>
/// <param name="tun">Read when it is ready.</param>
/// <param name="underlay">Received from when it is ready.</param>
/// <param name="busyPoll">How long to look again and again before the thread sleeps; zero for not at all.</param>
public sealed class QueueReadiness(TunDevice tun, UdpUnderlay underlay, TimeSpan busyPoll) : IReadiness, IDisposable
{
    private readonly Interruption _interruption = new();

    /// <inheritdoc/>
    public bool IsInterrupted => _interruption.IsSet;

    /// <inheritdoc/>
    public void Wait() => _interruption.WaitReadable(busyPoll, tun.Descriptor, underlay.FirstDescriptor, underlay.SecondDescriptor);

    /// <inheritdoc/>
    public void Interrupt() => _interruption.Set();

    public void Dispose() => _interruption.Dispose();
}
