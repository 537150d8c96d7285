using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Admin;

/// <summary>
/// Accepts connections, and waits a moment where the process has no descriptor for one: Kestrel's own listener tries
/// again at once, which takes a processor from the workers for as long as a client waits.
/// </summary>
/// <param name="socket">Listens; closed with this.</param>
/// <param name="loggers">For the connections.</param>
internal sealed class PatientListener(Socket socket, ILoggerFactory loggers) : IConnectionListener
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);

    private readonly SocketConnectionContextFactory _connections =
        new(new SocketConnectionFactoryOptions(), loggers.CreateLogger<PatientListener>());

    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    /// <summary>The next connection; null once the listener is closed.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                Socket accepted = await socket.AcceptAsync(cancellationToken);
                if (accepted.LocalEndPoint is IPEndPoint) accepted.NoDelay = true;
                return _connections.Create(accepted);
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.OperationAborted)
            {
                return null;
            }
            catch (SocketException)
            {
                // No descriptor or memory (EMFILE, ENFILE, ENOBUFS), or a client that was gone before its turn.
                await Task.Delay(_pause, cancellationToken);
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        _connections.Dispose();
        return ValueTask.CompletedTask;
    }
}
