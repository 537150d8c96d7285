using Overlay.Dataplane.Linux.Udp;

namespace Overlay.Daemon.Underlay;

/// <summary>
/// Datagrams that the kernel has dropped at the tunnels' sockets since the daemon began: read when somebody asks, and
/// kept when sockets are replaced, so that the sum never falls.
/// </summary>
/// <remarks>Any thread may call.</remarks>
internal sealed class SocketDrops
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

    /// <summary>Counts at those sockets from now on.</summary>
    public void Begin(UdpSockets sockets) => Begin(sockets.ReadDrops);

    /// <param name="read">Each socket's count, which wraps around.</param>
    internal void Begin(Func<IReadOnlyList<uint>> read)
    {
        lock (_gate)
        {
            Take();
            (_read, _last) = (read, [.. read().Select(static _ => 0u)]);
        }
    }

    /// <summary>Takes the sockets' last counts: to be called before they are closed.</summary>
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
        for (int i = 0; i < now.Count; i++) _sum += unchecked(now[i] - _last[i]);
        _last = now;
    }
}
