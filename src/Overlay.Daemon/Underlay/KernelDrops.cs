namespace Overlay.Daemon.Underlay;

/// <summary>
/// Packets that the kernel has dropped in front of the daemon since that began, at its sockets or its device: read when
/// somebody asks, and kept when sockets or device are replaced, so that the sum never falls.
/// </summary>
/// <remarks>Any thread may call.</remarks>
internal sealed class KernelDrops
{
    private readonly Lock _gate = new();
    private Func<IReadOnlyList<uint>>? _read;
    private IReadOnlyList<uint> _last = [];
    private long _sum;

    /// <summary>The sum of now.</summary>
    public long Read()
    {
        lock (_gate)
        {
            Take();
            return _sum;
        }
    }

    /// <summary>Counts there from now on.</summary>
    /// <param name="read">
    /// The count of each socket or device, which wraps around; none where it is not known.
    /// </param>
    /// <param name="before">
    /// The counts from before, where the device is one that an earlier run has left; null where all begin at zero.
    /// </param>
    public void Begin(Func<IReadOnlyList<uint>> read, IReadOnlyList<uint>? before = null)
    {
        lock (_gate)
        {
            Take();
            (_read, _last) = (read, before ?? []);
        }
    }

    /// <summary>Takes the last counts: to be called before sockets or device are closed.</summary>
    public void End()
    {
        lock (_gate)
        {
            Take();
            _read = null;
        }
    }

    private void Take()
    {
        if (_read is null) return;
        IReadOnlyList<uint> now = _read();
        if (now.Count == 0) return;
        for (int i = 0; i < now.Count; i++) _sum += unchecked(now[i] - (i < _last.Count ? _last[i] : 0));
        _last = now;
    }
}
