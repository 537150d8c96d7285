using Microsoft.Extensions.Logging;
using Overlay.Dataplane.Linux.Handover;

namespace Overlay.Daemon.Callers;

/// <summary>
/// Lets processes of root and of the daemon's own user to the daemon's Unix sockets, and nobody else, whatever has
/// become of a socket's mode: by the credentials that the kernel kept when they connected.
/// </summary>
/// <remarks>Any thread may ask.</remarks>
/// <param name="time">Clock of the log's pauses.</param>
/// <param name="logger">Logs refusals, one line a minute at most.</param>
internal sealed class CallerGate(TimeProvider time, ILogger<CallerGate> logger)
{
    // A caller that is refused may try without end, and the log is on the host's disk.
    private static readonly TimeSpan _pause = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private long? _loggedAt;
    private int _unlogged;

    /// <summary>Whether the process may ask; a refusal is logged.</summary>
    /// <param name="caller">The process at the other end.</param>
    /// <param name="socket">The socket's path, for the log.</param>
    public bool Admits(PeerCredential caller, string socket)
    {
        if (caller.IsTrusted) return true;
        int unlogged;
        lock (_gate)
        {
            if (_loggedAt is { } before && time.GetElapsedTime(before) < _pause)
            {
                _unlogged++;
                return false;
            }

            (unlogged, _unlogged, _loggedAt) = (_unlogged, 0, time.GetTimestamp());
        }

        logger.CallerRefused(caller.User, caller.Process, socket, unlogged);
        return false;
    }
}
