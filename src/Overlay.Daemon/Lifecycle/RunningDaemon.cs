using System.Net.Sockets;

namespace Overlay.Daemon.Lifecycle;

/// <summary>Looks for another overlayd that runs this node.</summary>
internal static class RunningDaemon
{
    /// <summary>A process listens on the admin socket.</summary>
    public static bool AnswersOn(string adminSocket)
    {
        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(adminSocket));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
