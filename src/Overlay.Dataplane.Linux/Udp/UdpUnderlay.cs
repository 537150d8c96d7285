using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Linux.Udp;

/// <summary>
/// One queue of the underlay over UDP: a receiving socket for each address of ours, or none while the kernel's tier receives;
/// and the source ports of all queues.
/// </summary>
/// <remarks>One thread at a time receives, one sends. <see cref="UdpSockets"/> owns the sockets.</remarks>
public sealed class UdpUnderlay : IUnderlay
{
    private readonly UdpSender _sender;
    private UdpReceiver? _first;
    private UdpReceiver? _second;

    internal UdpUnderlay(UdpSender sender) => _sender = sender;

    /// <summary>
    /// Most datagrams sent in one message: 1 where the kernel cannot segment, or the way to the last peer refuses it.
    /// </summary>
    public int MaxSegments => _sender.MaxSegments;

    /// <summary>Where sends and receives are counted: the worker's own.</summary>
    public SyscallCounters Calls
    {
        get => _sender.Calls;
        set
        {
            _sender.Calls = value;
            _first?.Calls = value;
            _second?.Calls = value;
        }
    }

    /// <summary>Peers that get each datagram by itself for now.</summary>
    internal SegmentRefusals Refusals => _sender.Refusals;

    internal FileDescriptor? FirstDescriptor => _first?.Descriptor;

    internal FileDescriptor? SecondDescriptor => _second?.Descriptor;

    /// <inheritdoc/>
    public bool TryReceive(PacketBatch batch)
    {
        batch.Clear();

        // By turns: a flood on one underlay that fills every batch must not starve the other.
        (_first, _second) = (_second ?? _first, _second is null ? null : _first);
        _first?.Receive(batch);
        _second?.Receive(batch);
        return batch.ReceivedCount > 0;
    }

    /// <inheritdoc/>
    public void Send(PacketBatch batch) => _sender.Send(batch);

    /// <summary>Receives by these from now on; two nulls for not at all. Not while a worker uses this queue.</summary>
    internal void ReceiveBy(UdpReceiver? ipv4, UdpReceiver? ipv6)
    {
        (_first, _second) = (ipv4 ?? ipv6, ipv4 is null ? null : ipv6);
        Calls = _sender.Calls;
    }

    /// <summary>Frees the memory that the sender's system calls need.</summary>
    internal void FreeBuffers() => _sender.Dispose();
}
