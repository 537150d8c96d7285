using System.Net.Sockets;
using System.Text;
using Overlay.Dataplane.Linux.Handover;

namespace Overlay.Daemon.Handover;

/// <summary>The service manager that has started this process, if one has (sd_notify(3)).</summary>
internal static class ServiceManager
{
    /// <summary>Its socket; null where there is none.</summary>
    public static string? Path => Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } path ? path : null;

    /// <summary>Sends it a message.</summary>
    /// <param name="path">Its socket.</param>
    /// <param name="state">Lines of <c>KEY=VALUE</c>.</param>
    /// <param name="descriptors">They stay open here.</param>
    /// <exception cref="SocketException">It does not listen.</exception>
    /// <exception cref="IOException">It takes no message.</exception>
    /// <exception cref="ArgumentException">The path is none.</exception>
    public static void Send(string path, string state, params IReadOnlyList<int> descriptors)
    {
        // A leading @ stands for the zero byte of an abstract socket.
        string address = path[0] == '@' ? '\0' + path[1..] : path;
        using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(address));
        DescriptorMessages.Send(socket, Encoding.UTF8.GetBytes(state), descriptors);
    }
}
