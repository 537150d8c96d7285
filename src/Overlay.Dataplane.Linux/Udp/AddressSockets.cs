using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>
/// Owns the sockets of one underlay address: a receiving one for each queue, and the source ports of all queues.
/// </summary>
internal sealed class AddressSockets : IDisposable
{
    private AddressSockets(List<UdpReceiver> receivers, SourcePortPool ports)
    {
        Receivers = receivers;
        Ports = ports;
    }

    public IReadOnlyList<UdpReceiver> Receivers { get; }

    public SourcePortPool Ports { get; }

    /// <exception cref="LinuxException">The address is not this host's, or the port is taken.</exception>
    public static AddressSockets Bind(IpAddress address, ushort port, int queues, bool joins)
    {
        List<UdpReceiver> receivers = [];
        try
        {
            while (receivers.Count < queues)
                receivers.Add(UdpReceiver.Bind(address, port, joins, receivers.Count == 0 ? null : receivers[0]));
            return new(receivers, SourcePortPool.Bind(address));
        }
        catch
        {
            foreach (UdpReceiver receiver in receivers) receiver.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes the sockets of that family out of those that another process has sent; null where there are none.
    /// </summary>
    /// <exception cref="ArgumentException">One of the two kinds is missing, or incomplete.</exception>
    public static AddressSockets? Adopt(IpFamily family, List<UdpSocket> receiving, List<UdpSocket> sending)
    {
        List<UdpReceiver> receivers = [];
        List<UdpSocket> ports = [];
        foreach (UdpSocket socket in receiving)
        {
            if (socket.Address.Family == family) receivers.Add(new UdpReceiver(socket));
        }

        foreach (UdpSocket socket in sending)
        {
            if (socket.Address.Family == family) ports.Add(socket);
        }

        if (receivers.Count == 0 && ports.Count == 0) return null;
        if (receivers.Count == 0)
            throw new ArgumentException($"there are {family} source ports, and no receiving socket", nameof(receiving));
        return new(receivers, new SourcePortPool([.. ports]));
    }

    /// <summary>Adds the sockets' descriptors, which stay this object's.</summary>
    public void List(List<int> receiving, List<int> sending)
    {
        foreach (UdpReceiver receiver in Receivers) receiving.Add((int)receiver.Descriptor.DangerousGetHandle());
        Ports.List(sending);
    }

    public void Dispose()
    {
        foreach (UdpReceiver receiver in Receivers) receiver.Dispose();
        Ports.Dispose();
    }
}
