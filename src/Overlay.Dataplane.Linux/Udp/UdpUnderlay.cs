using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>The underlay over UDP: a receiving socket for each address of ours, and sending sockets by source port.</summary>
/// <remarks>One thread at a time receives, one sends.</remarks>
public sealed class UdpUnderlay : IUnderlay, IDisposable
{
    /// <summary>Bytes of the largest UDP payload over IPv4: 65,535 less IP and UDP header.</summary>
    internal const int MaxDatagram = 65_507;

    /// <summary>Socket buffers: bursts of 64 KB datagrams must not overflow them while a worker is off the CPU.</summary>
    internal const int BufferBytes = 8 * 1024 * 1024;

    private readonly UdpReceiver? _ipv4;
    private readonly UdpReceiver? _ipv6;
    private readonly UdpSender? _sender;
    private UdpReceiver _first;
    private UdpReceiver? _second;

    /// <param name="ipv4">Our IPv4 underlay address, if there is one; it must be assigned to this host.</param>
    /// <param name="ipv6">Our IPv6 underlay address, if there is one; it must be assigned to this host.</param>
    /// <param name="port">VXLAN port, ours and the peers'.</param>
    /// <param name="offloads">What to use of <see cref="Offloads.UdpSend"/> and <see cref="Offloads.UdpReceive"/>, where the kernel has it.</param>
    /// <exception cref="ArgumentException">Neither address is given.</exception>
    /// <exception cref="LinuxException">An address is not this host's, or the port is taken.</exception>
    public UdpUnderlay(Ipv4Address? ipv4, Ipv6Address? ipv6, ushort port, Offloads offloads = Offloads.All)
        : this(ipv4, ipv6, port, offloads, null)
    {
    }

    private UdpUnderlay(Ipv4Address? ipv4, Ipv6Address? ipv6, ushort port, Offloads offloads, UdpUnderlay? beside)
    {
        if (ipv4 is null && ipv6 is null) throw new ArgumentException("an underlay needs an IPv4 or an IPv6 address", nameof(ipv4));
        try
        {
            bool joins = offloads.HasFlag(Offloads.UdpReceive);
            if (ipv4 is { } address4) _ipv4 = new UdpReceiver(address4, port, joins, beside?._ipv4);
            if (ipv6 is { } address6) _ipv6 = new UdpReceiver(address6, port, joins, beside?._ipv6);
            IpAddress any = ipv4 is { } some ? some : ipv6!.Value;
            _sender = beside is null
                ? new UdpSender(ipv4, ipv6, port, offloads.HasFlag(Offloads.UdpSend) ? SegmentationProbe.MaxSegments(any) : 1)
                : new UdpSender(beside._sender!);
            _first = (_ipv4 ?? _ipv6)!;
            _second = _ipv4 is null ? null : _ipv6;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Opens several queues of one underlay: the kernel spreads the peers' flows over them; they send from the same ports.</summary>
    /// <param name="count">Queues, 1 or more.</param>
    /// <param name="ipv4">As for one.</param>
    /// <param name="ipv6">As for one.</param>
    /// <param name="port">As for one.</param>
    /// <param name="offloads">As for one.</param>
    /// <exception cref="ArgumentException">Neither address is given.</exception>
    /// <exception cref="LinuxException">An address is not this host's, or the port is taken.</exception>
    public static IReadOnlyList<UdpUnderlay> OpenQueues(int count, Ipv4Address? ipv4, Ipv6Address? ipv6, ushort port, Offloads offloads)
    {
        List<UdpUnderlay> queues = [];
        try
        {
            while (queues.Count < count) queues.Add(new UdpUnderlay(ipv4, ipv6, port, offloads, queues.Count == 0 ? null : queues[0]));
            return queues;
        }
        catch
        {
            foreach (UdpUnderlay queue in queues) queue.Dispose();
            throw;
        }
    }

    /// <summary>Most datagrams sent in one message: 1 where the kernel or a device cannot segment.</summary>
    public int MaxSegments => _sender!.MaxSegments;

    internal FileDescriptor FirstDescriptor => _first.Descriptor;

    internal FileDescriptor? SecondDescriptor => _second?.Descriptor;

    /// <inheritdoc/>
    public bool TryReceive(PacketBatch batch)
    {
        batch.Clear();

        // By turns: a flood on one underlay that fills every batch must not starve the other.
        (_first, _second) = (_second ?? _first, _second is null ? null : _first);
        _first.Receive(batch);
        _second?.Receive(batch);
        return batch.ReceivedCount > 0;
    }

    /// <inheritdoc/>
    public void Send(PacketBatch batch) => _sender!.Send(batch);

    public void Dispose()
    {
        _ipv4?.Dispose();
        _ipv6?.Dispose();
        _sender?.Dispose();
    }
}
