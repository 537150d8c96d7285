using System.Net.Sockets;
using System.Text;
using Overlay.Dataplane.Linux.Handover;

namespace Overlay.Daemon.Handover;

/// <summary>The socket on which the service manager that has started this process takes messages (sd_notify(3)).</summary>
internal static class NotifySocket
{
    /// <summary>The socket's path; null where no service manager has started this process.</summary>
    public static string? Path => Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } path ? path : null;

    /// <summary>Sends a message.</summary>
    /// <param name="path">The socket's; a leading @ stands for the zero byte of an abstract socket.</param>
    /// <param name="state">Lines of <c>KEY=VALUE</c>.</param>
    /// <param name="descriptors">They stay open here.</param>
    /// <exception cref="SocketException">Nobody listens.</exception>
    /// <exception cref="IOException">The message is not taken.</exception>
    /// <exception cref="ArgumentException">The path is that of no socket.</exception>
    public static void Send(string path, string state, params IReadOnlyList<int> descriptors)
    {
        string address = path[0] == '@' ? '\0' + path[1..] : path;
        using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(address));
        DescriptorMessages.Send(socket, Encoding.UTF8.GetBytes(state), descriptors);
    }
}
