using System.Diagnostics;

namespace Overlay.Host.Interop;

/// <summary>
/// Lets one thread end another's wait: an eventfd in every poll, and a flag for a reader that never has to wait.
/// </summary>
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
        if (Libc.Write(_event, (byte*)&one, sizeof(ulong)) != sizeof(ulong))
            throw LinuxException.Last("write", "the worker's eventfd");
    }

    /// <summary>Waits until one of the descriptors is readable (or broken); returns at once when set.</summary>
    /// <param name="first">Always polled.</param>
    /// <param name="second">Polled when not null.</param>
    /// <param name="third">Polled when not null.</param>
    public void WaitReadable(FileDescriptor first, FileDescriptor? second = null, FileDescriptor? third = null) =>
        Wait(Timeout.InfiniteTimeSpan, first, second, third);

    /// <summary>
    /// As <see cref="WaitReadable(FileDescriptor, FileDescriptor?, FileDescriptor?)"/>, and no longer than that.
    /// </summary>
    public void WaitReadable(FileDescriptor descriptor, TimeSpan limit) => Wait(limit, descriptor, null, null);

    /// <summary>
    /// Looks again and again, without sleeping, whether one of the descriptors is readable, or this is set.
    /// </summary>
    /// <param name="limit">How long; others may run meanwhile.</param>
    /// <param name="polls">Calls of poll.</param>
    /// <param name="first">Always looked at.</param>
    /// <param name="second">Looked at when not null.</param>
    /// <param name="third">Looked at when not null.</param>
    public bool IsReadableWithin(
        TimeSpan limit, out int polls, FileDescriptor first, FileDescriptor? second = null,
        FileDescriptor? third = null)
    {
        Libc.PollFd* polled = stackalloc Libc.PollFd[MaxDescriptors];
        uint count = Fill(polled, first, second, third);
        long start = Stopwatch.GetTimestamp();
        polls = 0;
        do
        {
            polls++;
            if (Libc.Poll(polled, count, 0) > 0) return true;
            _ = Libc.Yield();
        }
        while (Stopwatch.GetElapsedTime(start) < limit);
        return false;
    }

    public void Dispose() => _event.Dispose();

    private void Wait(TimeSpan limit, FileDescriptor first, FileDescriptor? second, FileDescriptor? third)
    {
        Libc.PollFd* polled = stackalloc Libc.PollFd[MaxDescriptors];
        if (Libc.Poll(polled, Fill(polled, first, second, third), (int)limit.TotalMilliseconds) >= 0) return;
        LinuxException failure = LinuxException.Last("poll", "the worker's descriptors");
        if (failure.Errno != Errno.EINTR) throw failure;
    }

    private uint Fill(Libc.PollFd* polled, FileDescriptor first, FileDescriptor? second, FileDescriptor? third)
    {
        uint count = 0;
        polled[count++] = Readable(_event);
        polled[count++] = Readable(first);
        if (second is not null) polled[count++] = Readable(second);
        if (third is not null) polled[count++] = Readable(third);
        return count;
    }

    // The caller holds the handles for as long as it waits, so the numbers cannot be closed and reused under it.
    private static Libc.PollFd Readable(FileDescriptor descriptor)
    {
        Debug.Assert(!descriptor.IsClosed);
        return new Libc.PollFd { Descriptor = (int)descriptor.DangerousGetHandle(), Events = Libc.POLLIN };
    }
}
