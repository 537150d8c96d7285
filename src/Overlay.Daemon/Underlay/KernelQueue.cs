namespace Overlay.Daemon.Underlay;

/// <summary>
/// What waits in the kernel in front of the daemon, at whichever sockets there are: read when somebody asks.
/// </summary>
/// <remarks>Any thread may call.</remarks>
internal sealed class KernelQueue
{
    private readonly Lock _gate = new();
    private Func<long>? _read;

    /// <summary>Bytes of now; 0 while there are no sockets.</summary>
    public long Read()
    {
        lock (_gate) return _read?.Invoke() ?? 0;
    }

    /// <summary>Reads there from now on.</summary>
    public void Begin(Func<long> read)
    {
        lock (_gate) _read = read;
    }

    /// <summary>To be called before the sockets are closed.</summary>
    public void End()
    {
        lock (_gate) _read = null;
    }
}
