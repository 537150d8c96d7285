using System.Diagnostics;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Ports;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Linux.Polling;

/// <summary>Waits for a TUN queue and the sockets of an underlay queue at once, by poll.</summary>
/// <remarks>
/// While packets follow each other closely it looks for the next one a while before it sleeps: of a packet's way
/// through two nodes the wake-ups take longest. One sleep that is not short ends that, so an idle worker costs nothing.
/// </remarks>
/// <param name="tun">Read when it is ready.</param>
/// <param name="underlay">Received from when it is ready.</param>
/// <param name="busyPoll">How long to look again and again before the thread sleeps; zero for not at all.</param>
public sealed class QueueReadiness(TunDevice tun, UdpUnderlay underlay, TimeSpan busyPoll) : IReadiness, IDisposable
{
    // Without a look, an answer takes the wake-ups of two nodes longer than with one: some 100 us.
    private const int ShortSleep = 4;

    private readonly Interruption _interruption = new();
    private readonly TimeSpan _shortSleep = ShortSleep * busyPoll;
    private bool _isNextSoon;

    /// <summary>Where polls are counted: the worker's own.</summary>
    public SyscallCounters Calls { get; set; } = new();

    /// <inheritdoc/>
    public bool IsInterrupted => _interruption.IsSet;

    /// <inheritdoc/>
    public void Wait()
    {
        if (_isNextSoon)
        {
            bool isReadable = _interruption.IsReadableWithin(
                busyPoll, out int polls, tun.Descriptor, underlay.FirstDescriptor, underlay.SecondDescriptor);
            Calls.Add(Syscall.Poll, polls);
            if (isReadable) return;
        }

        long start = Stopwatch.GetTimestamp();
        _interruption.WaitReadable(tun.Descriptor, underlay.FirstDescriptor, underlay.SecondDescriptor);
        Calls.Add(Syscall.Poll);
        _isNextSoon = Stopwatch.GetElapsedTime(start) < _shortSleep;
    }

    /// <inheritdoc/>
    public void Interrupt() => _interruption.Set();

    public void Dispose() => _interruption.Dispose();
}
