using System.Diagnostics;

namespace Overlay.Linux;

/// <summary>Lets one thread end another's wait: an eventfd in every poll, and a flag for a reader that never has to wait.</summary>
/// <remarks>Closing a descriptor does not wake a thread that polls it, so a shutdown needs this.</remarks>
internal sealed unsafe class Interruption : IDisposable
{
    // A TUN queues 500 packets by default: eight batches of 64, and as many again for what comes meanwhile.
    private const int DrainBatches = 16;

    private readonly FileDescriptor _event;
    private volatile bool _isSet;
    private int _drained;

    public Interruption()
    {
        _event = new FileDescriptor(Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK));
        if (_event.IsInvalid) throw LinuxException.Last("eventfd", "the worker");
    }

    public bool IsSet => _isSet;

    /// <summary>To be asked once before each batch: false when set and a last few batches have been let through, so that a queue drains.</summary>
    public bool AllowBatch() => !_isSet || _drained++ < DrainBatches;

    /// <summary>Ends the current wait and every later one.</summary>
    public void Set()
    {
        _isSet = true;
        ulong one = 1;
        if (Libc.Write(_event, (byte*)&one, sizeof(ulong)) != sizeof(ulong)) throw LinuxException.Last("write", "the worker's eventfd");
    }

    /// <summary>Waits until a descriptor is readable (or broken); returns at once when set.</summary>
    /// <param name="first">Always polled.</param>
    /// <param name="second">Polled when not null.</param>
    public void WaitReadable(FileDescriptor first, FileDescriptor? second = null)
    {
        Libc.PollFd* polled = stackalloc Libc.PollFd[3];
        polled[0] = Readable(_event);
        polled[1] = Readable(first);
        if (second is not null) polled[2] = Readable(second);
        if (Libc.Poll(polled, second is null ? 2u : 3u, -1) < 0)
        {
            LinuxException failure = LinuxException.Last("poll", "the worker's descriptors");
            if (failure.Errno != Errno.EINTR) throw failure;
        }
    }

    /// <summary>Looks again and again for a bounded time, letting others run meanwhile: what comes soon is then had without a wake-up.</summary>
    /// <returns>True when a descriptor is readable, or this is set.</returns>
    public bool IsReadableSoon(TimeSpan limit, FileDescriptor first, FileDescriptor? second = null)
    {
        if (limit <= TimeSpan.Zero) return false;
        long start = Stopwatch.GetTimestamp();
        Libc.PollFd* polled = stackalloc Libc.PollFd[2];
        polled[0] = Readable(first);
        if (second is not null) polled[1] = Readable(second);
        do
        {
            if (_isSet || Libc.Poll(polled, second is null ? 1u : 2u, 0) > 0) return true;
            _ = Libc.Yield();
        }
        while (Stopwatch.GetElapsedTime(start) < limit);
        return false;
    }

    public void Dispose() => _event.Dispose();

    // The caller holds the handles for as long as it waits, so the numbers cannot be closed and reused under it.
    private static Libc.PollFd Readable(FileDescriptor descriptor)
    {
        Debug.Assert(!descriptor.IsClosed);
        return new Libc.PollFd { Descriptor = (int)descriptor.DangerousGetHandle(), Events = Libc.POLLIN };
    }
}
