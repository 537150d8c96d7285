using System.Net.Sockets;
using Overlay.Dataplane.Linux.Handover;

namespace Overlay.Dataplane.Linux.Tests;

/// <summary>Sends descriptors over a socket to this same process, as one overlayd does to the next.</summary>
internal static class SentDescriptors
{
    /// <returns>Others for the same open files.</returns>
    public static IReadOnlyList<int> Of(IReadOnlyList<int> descriptors)
    {
        (Socket near, Socket far) = Pair();
        using (near)
        using (far)
        {
            DescriptorMessages.Send(near, "descriptors"u8, descriptors);
            List<int> received = [];
            DescriptorMessages.Receive(far, new byte[100], received).ShouldBe(11);
            return received;
        }
    }

    /// <summary>Two connected sockets of whole messages.</summary>
    public static (Socket Near, Socket Far) Pair()
    {
        using Socket listener = Make();
        string path = Path.Combine(Path.GetTempPath(), $"overlay-pair-{Guid.NewGuid():N}");
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        Socket near = Make();
        near.Connect(new UnixDomainSocketEndPoint(path));
        return (near, listener.Accept());
    }

    private static Socket Make() => new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
}
