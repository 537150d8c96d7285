using Overlay.Dataplane.Packets;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>
/// Sending sockets with different source ports, so that the underlay's ECMP and RSS can tell flows apart.
/// </summary>
/// <remarks>
/// Ports are taken from 49152-65535, as RFC 7348 section 5 recommends. Owned by <see cref="AddressSockets"/>, lent to
/// every <see cref="UdpSender"/>.
/// </remarks>
internal sealed class SourcePortPool : IDisposable
{
    private const int FirstPort = 49_152;
    private const int Ports = 65_536 - FirstPort;

    private readonly UdpSocket[] _sockets;

    /// <summary>Takes sockets that are set up for it, and closes them in the end.</summary>
    /// <exception cref="ArgumentException">They are not <see cref="SourcePorts.Count"/>.</exception>
    public SourcePortPool(UdpSocket[] sockets)
    {
        if (sockets.Length != SourcePorts.Count)
            throw new ArgumentException(
                $"{SourcePorts.Count} sockets make a pool of source ports, not {sockets.Length}", nameof(sockets));
        _sockets = sockets;
    }

    /// <exception cref="LinuxException">The address is not this host's, or no free port is left.</exception>
    public static SourcePortPool Bind(IpAddress address)
    {
        List<UdpSocket> sockets = [];
        try
        {
            while (sockets.Count < SourcePorts.Count) sockets.Add(BindFree(address));
            return new SourcePortPool([.. sockets]);
        }
        catch
        {
            foreach (UdpSocket socket in sockets) socket.Dispose();
            throw;
        }
    }

    /// <summary>The socket for a flow: the same for the same hash.</summary>
    public UdpSocket For(uint flowHash) => _sockets[SourcePorts.IndexOf(flowHash)];

    /// <summary>Adds the sockets' descriptors, which stay this object's.</summary>
    public void List(List<int> descriptors)
    {
        foreach (UdpSocket socket in _sockets) descriptors.Add((int)socket.Descriptor.DangerousGetHandle());
    }

    public void Dispose()
    {
        foreach (UdpSocket socket in _sockets) socket.Dispose();
    }

    private static UdpSocket BindFree(IpAddress address)
    {
        int start = Random.Shared.Next(Ports);
        for (int i = 0; ; i++)
        {
            try
            {
                UdpSocket socket = UdpSocket.Bind(address, (ushort)(FirstPort + ((start + i) % Ports)));
                socket.DiscardIncoming();
                socket.ReportDrops();
                socket.Set(Libc.SOL_SOCKET, Libc.SO_SNDBUFFORCE, UdpSockets.BufferBytes, "SO_SNDBUFFORCE");
                return socket;
            }
            catch (LinuxException taken) when (taken.Errno == Errno.EADDRINUSE && i < Ports)
            {
                // The next port, then.
            }
        }
    }
}
