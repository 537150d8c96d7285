using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>
/// Owns the sockets of one underlay address: a receiving one for each queue, and the source ports of all queues.
/// </summary>
internal sealed class AddressSockets : IDisposable
{
    private readonly List<UdpReceiver> _receivers;

    private AddressSockets(IpAddress address, List<UdpReceiver> receivers, SourcePortPool ports)
    {
        Address = address;
        _receivers = receivers;
        Ports = ports;
    }

    public IpAddress Address { get; }

    /// <summary>One a queue; none while another receives for this process.</summary>
    public IReadOnlyList<UdpReceiver> Receivers => _receivers;

    public SourcePortPool Ports { get; }

    /// <summary>Opens the source ports alone; <see cref="BindReceivers"/> does the rest.</summary>
    /// <exception cref="LinuxException">The address is not this host's.</exception>
    public static AddressSockets Bind(IpAddress address) => new(address, [], SourcePortPool.Bind(address));

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
        return new(receivers[0].Address, receivers, new SourcePortPool([.. ports]));
    }

    /// <summary>Opens a receiving socket for each queue.</summary>
    /// <exception cref="LinuxException">The address is not this host's, or the port is taken; none is open.</exception>
    public void BindReceivers(ushort port, int queues, bool joins)
    {
        try
        {
            while (_receivers.Count < queues)
                _receivers.Add(UdpReceiver.Bind(Address, port, joins, _receivers.Count == 0 ? null : _receivers[0]));
        }
        catch
        {
            CloseReceivers();
            throw;
        }
    }

    public void CloseReceivers()
    {
        foreach (UdpReceiver receiver in _receivers) receiver.Dispose();
        _receivers.Clear();
    }

    /// <summary>Adds the sockets' descriptors, which stay this object's.</summary>
    public void List(List<int> receiving, List<int> sending)
    {
        foreach (UdpReceiver receiver in _receivers) receiving.Add((int)receiver.Descriptor.DangerousGetHandle());
        Ports.List(sending);
    }

    public void Dispose()
    {
        CloseReceivers();
        Ports.Dispose();
    }
}
