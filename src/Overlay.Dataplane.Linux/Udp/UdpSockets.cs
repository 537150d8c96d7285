using System.Collections;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>Owns every socket of an underlay, and lends them to its elements, the queues.</summary>
/// <remarks>
/// The queues send from the same source ports. They work until <see cref="Dispose"/>.
/// </remarks>
public sealed class UdpSockets : IReadOnlyList<UdpUnderlay>, IDisposable
{
    /// <summary>
    /// Socket buffers: bursts of 64 KB datagrams must not overflow them while a worker is off the CPU.
    /// </summary>
    internal const int BufferBytes = 8 * 1024 * 1024;

    private readonly AddressSockets? _ipv4;
    private readonly AddressSockets? _ipv6;
    private readonly ushort _port;
    private readonly bool _joins;
    private readonly List<UdpUnderlay> _queues = [];

    private UdpSockets(AddressSockets? ipv4, AddressSockets? ipv6, int queues, ushort port, Offloads offloads)
    {
        _ipv4 = ipv4;
        _ipv6 = ipv6;
        _port = port;
        _joins = offloads.HasFlag(Offloads.UdpReceive);
        int maxSegments =
            offloads.HasFlag(Offloads.UdpSend) ? SegmentationProbe.MaxSegments((ipv4 ?? ipv6)!.Address) : 1;
        for (int i = 0; i < queues; i++)
            _queues.Add(new(new UdpSender(ipv4?.Ports, ipv6?.Ports, port, maxSegments)));
        Lend();
    }

    public int Count => _queues.Count;

    public UdpUnderlay this[int index] => _queues[index];

    /// <summary>The sockets' descriptors, to be sent to another process, which adopts its own.</summary>
    public UdpDescriptors Descriptors
    {
        get
        {
            List<int> receiving = [];
            List<int> sending = [];
            _ipv4?.List(receiving, sending);
            _ipv6?.List(receiving, sending);
            return new(receiving, sending);
        }
    }

    private IReadOnlyList<UdpReceiver> Receivers => [.. _ipv4?.Receivers ?? [], .. _ipv6?.Receivers ?? []];

    /// <summary>Opens the sockets of one or more queues: the kernel spreads the peers' flows over them.</summary>
    /// <param name="queues">1 or more.</param>
    /// <param name="ipv4">Our IPv4 underlay address, if there is one; it must be assigned to this host.</param>
    /// <param name="ipv6">Our IPv6 underlay address, if there is one; it must be assigned to this host.</param>
    /// <param name="port">VXLAN port, ours and the peers'.</param>
    /// <param name="offloads">
    /// What to use of <see cref="Offloads.UdpSend"/> and <see cref="Offloads.UdpReceive"/>, where the kernel has it.
    /// </param>
    /// <param name="receives">Receiving sockets too; else <see cref="OpenReceivers"/> opens them later.</param>
    /// <exception cref="ArgumentException">Neither address is given.</exception>
    /// <exception cref="LinuxException">An address is not this host's, or the port is taken.</exception>
    public static UdpSockets Open(
        int queues, Ipv4Address? ipv4, Ipv6Address? ipv6, ushort port, Offloads offloads = Offloads.All,
        bool receives = true)
    {
        if (ipv4 is null && ipv6 is null)
            throw new ArgumentException("an underlay needs an IPv4 or an IPv6 address", nameof(ipv4));
        AddressSockets? socketsV4 = ipv4 is { } v4 ? AddressSockets.Bind(v4) : null;
        UdpSockets sockets;
        try
        {
            sockets = new(socketsV4, ipv6 is { } v6 ? AddressSockets.Bind(v6) : null, queues, port, offloads);
        }
        catch
        {
            socketsV4?.Dispose();
            throw;
        }

        try
        {
            if (receives) sockets.OpenReceivers();
            return sockets;
        }
        catch
        {
            sockets.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Goes on with sockets that another process has opened: datagrams queued meanwhile are there.
    /// </summary>
    /// <param name="descriptors">Sockets of one port, owned by the new object, and closed if there is none.</param>
    /// <param name="offloads">
    /// What to use of <see cref="Offloads.UdpSend"/>; receiving sockets are as they were opened.
    /// </param>
    /// <exception cref="ArgumentException">The sockets do not make up an underlay.</exception>
    /// <exception cref="LinuxException">A descriptor is no bound socket.</exception>
    public static UdpSockets Adopt(UdpDescriptors descriptors, Offloads offloads = Offloads.All)
    {
        List<UdpSocket> receiving = [];
        List<UdpSocket> sending = [];
        try
        {
            foreach (int descriptor in descriptors.Receiving) receiving.Add(UdpSocket.Adopt(descriptor));
            foreach (int descriptor in descriptors.Sending) sending.Add(UdpSocket.Adopt(descriptor));
            AddressSockets? ipv4 = AddressSockets.Adopt(IpFamily.IPv4, receiving, sending);
            AddressSockets? ipv6 = AddressSockets.Adopt(IpFamily.IPv6, receiving, sending);
            bool isSound = (ipv4 ?? ipv6) is not null
                && (ipv4 is null || ipv6 is null || ipv4.Receivers.Count == ipv6.Receivers.Count);
            if (!isSound)
                throw new ArgumentException("each address needs one receiving socket a queue", nameof(descriptors));
            AddressSockets any = (ipv4 ?? ipv6)!;
            return new(ipv4, ipv6, any.Receivers.Count, any.Receivers[0].Port, offloads);
        }
        catch
        {
            foreach (UdpSocket socket in receiving) socket.Dispose();
            foreach (UdpSocket socket in sending) socket.Dispose();
            throw;
        }
    }

    /// <summary>Has the kernel join no more datagrams into trains (UDP_GRO). Any thread may call.</summary>
    public void StopJoining()
    {
        foreach (UdpReceiver receiver in Receivers) receiver.StopJoining();
    }

    /// <summary>
    /// Closes the receiving sockets: the port is another's. No worker may use the queues meanwhile, here and in
    /// <see cref="OpenReceivers"/>.
    /// </summary>
    public void CloseReceivers()
    {
        _ipv4?.CloseReceivers();
        _ipv6?.CloseReceivers();
        Lend();
    }

    /// <summary>Opens the receiving sockets again.</summary>
    /// <exception cref="LinuxException">The port is taken; none is open.</exception>
    public void OpenReceivers()
    {
        try
        {
            _ipv4?.BindReceivers(_port, _queues.Count, _joins);
            _ipv6?.BindReceivers(_port, _queues.Count, _joins);
        }
        catch
        {
            CloseReceivers();
            throw;
        }

        Lend();
    }

    /// <summary>
    /// Datagrams that the kernel has dropped at each receiving socket since it was made, in an order that stays; each
    /// wraps around. Any thread may call, before <see cref="Dispose"/>.
    /// </summary>
    public IReadOnlyList<uint> ReadDrops()
    {
        List<uint> drops = [];
        foreach (UdpReceiver receiver in Receivers) drops.Add(receiver.ReadDrops());
        return drops;
    }

    /// <summary>
    /// Bytes that wait at all receiving sockets, with the kernel's own structures around them. Any thread may call, before
    /// <see cref="Dispose"/>.
    /// </summary>
    public long ReadQueuedBytes()
    {
        long bytes = 0;
        foreach (UdpReceiver receiver in Receivers) bytes += receiver.ReadQueuedBytes();
        return bytes;
    }

    public void Dispose()
    {
        _ipv4?.Dispose();
        _ipv6?.Dispose();
        foreach (UdpUnderlay queue in _queues) queue.FreeBuffers();
    }

    public IEnumerator<UdpUnderlay> GetEnumerator() => _queues.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Lend()
    {
        for (int i = 0; i < _queues.Count; i++) _queues[i].ReceiveBy(Of(_ipv4, i), Of(_ipv6, i));

        static UdpReceiver? Of(AddressSockets? sockets, int queue) =>
            sockets is { Receivers.Count: > 0 } ? sockets.Receivers[queue] : null;
    }
}
