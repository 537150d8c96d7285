using System.Net.Sockets;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Host.Files;
using Overlay.Host.Interop;

namespace Overlay.Daemon.Admin;

/// <summary>Makes room for the admin socket before Kestrel makes it: a file that no daemon serves any more goes.</summary>
/// <param name="options">The socket's path.</param>
/// <param name="predecessor">The overlayd before, which has let the node go but may not have ended; null for none.</param>
internal sealed class AdminSocketPlace(OverlayOptions options, IPredecessor? predecessor = null) : LifecycleService
{
    /// <exception cref="ConfigurationException">The path is that of a file which is no socket.</exception>
    /// <exception cref="IOException">Another daemon serves the socket.</exception>
    public override Task StartingAsync(CancellationToken cancellationToken)
    {
        RemoveStale(options.AdminSocket);
        return Task.CompletedTask;
    }

    private void RemoveStale(string path)
    {
        if (!File.Exists(path)) return;
        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException refused)
            when (refused.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException exception)
        {
            throw new ConfigurationException(
                $"Overlay:Admin:Socket '{path}' exists and is no socket that overlayd has left ({exception.Message}); "
                + $"example: {NodePaths.AdminSocket}");
        }

        if (predecessor is null)
            throw new LinuxException("bind", $"{path}, where another overlayd answers,", Errno.EADDRINUSE);
        File.Delete(path);
    }

    // A connection to a regular file is refused too. But a file can be opened, and a socket cannot (ENXIO).
    private static bool IsSocket(string path)
    {
        try
        {
            File.OpenHandle(path).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
