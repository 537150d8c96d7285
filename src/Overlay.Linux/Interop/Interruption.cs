using System.Diagnostics;

namespace Overlay.Linux;

/// <summary>Lets one thread end another's wait: an eventfd in every poll, and a flag for a reader that never has to wait.</summary>
/// <remarks>Closing a descriptor does not wake a thread that polls it, so a shutdown needs this.</remarks>
internal sealed unsafe class Interruption : IDisposable
{
    private const int MaxDescriptors = 4;

    private readonly FileDescriptor _event;
    private volatile bool _isSet;

    public Interruption()
    {
        _event = new FileDescriptor(Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK));
        if (_event.IsInvalid) throw LinuxException.Last("eventfd", "the worker");
    }

    public bool IsSet => _isSet;

    /// <summary>Ends the current wait and every later one.</summary>
    public void Set()
    {
        _isSet = true;
        ulong one = 1;
        if (Libc.Write(_event, (byte*)&one, sizeof(ulong)) != sizeof(ulong)) throw LinuxException.Last("write", "the worker's eventfd");
    }

    /// <summary>Waits until one of the descriptors is readable (or broken); returns at once when set.</summary>
    /// <param name="busyPoll">How long to look again and again before the thread sleeps; zero for not at all.</param>
    /// <param name="first">Always polled.</param>
    /// <param name="second">Polled when not null.</param>
    /// <param name="third">Polled when not null.</param>
    public void WaitReadable(TimeSpan busyPoll, FileDescriptor first, FileDescriptor? second = null, FileDescriptor? third = null)
    {
        Libc.PollFd* polled = stackalloc Libc.PollFd[MaxDescriptors];
        uint count = 0;
        polled[count++] = Readable(_event);
        polled[count++] = Readable(first);
        if (second is not null) polled[count++] = Readable(second);
        if (third is not null) polled[count++] = Readable(third);
        if (busyPoll > TimeSpan.Zero && IsReadableWithin(busyPoll, polled, count)) return;
        if (Libc.Poll(polled, count, -1) < 0)
        {
            LinuxException failure = LinuxException.Last("poll", "the worker's descriptors");
            if (failure.Errno != Errno.EINTR) throw failure;
        }
    }

    public void Dispose() => _event.Dispose();

    // What comes soon is then had without a wake-up; others may run meanwhile.
    private static bool IsReadableWithin(TimeSpan limit, Libc.PollFd* polled, uint count)
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            if (Libc.Poll(polled, count, 0) > 0) return true;
            _ = Libc.Yield();
        }
        while (Stopwatch.GetElapsedTime(start) < limit);
        return false;
    }

    // The caller holds the handles for as long as it waits, so the numbers cannot be closed and reused under it.
    private static Libc.PollFd Readable(FileDescriptor descriptor)
    {
        Debug.Assert(!descriptor.IsClosed);
        return new Libc.PollFd { Descriptor = (int)descriptor.DangerousGetHandle(), Events = Libc.POLLIN };
    }
}
