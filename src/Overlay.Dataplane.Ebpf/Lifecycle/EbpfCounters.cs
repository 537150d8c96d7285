using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Dataplane.Packets;
using Overlay.Host.Netlink;

namespace Overlay.Dataplane.Ebpf.Lifecycle;

/// <summary>Counts of the programs, and of the vxlan device before them. Immutable.</summary>
/// <remarks>
/// The vxlan device refuses some frames itself (drivers/net/vxlan/vxlan_core.c, vxlan_rcv) and has fewer counts than
/// there are reasons. Its length errors are <see cref="DropReason.PktTooSmall"/>; all its other errors are
/// <see cref="DropReason.VxlanInvalidHdr"/>, those among them that are <see cref="DropReason.IpTunnelEcn"/> in the
/// daemon's loop, as the kernel counts reserved bits and congestion marks alike; frames that it has dropped are
/// <see cref="DropReason.MacInvalidSource"/>. It counts nothing where the I flag is clear or the inner Ethernet header
/// is cut.
/// </remarks>
public sealed class EbpfCounters
{
    private static readonly int _reasons = Enum.GetValues<DropReason>().Length;

    private readonly long[] _drops = new long[_reasons];

    internal EbpfCounters(ProcessorMap<TrafficCount> counts, LinkStatistics device)
    {
        for (int i = 0; i < _reasons; i++) _drops[i] = counts.Sum((uint)i).Packets;
        Ingress = counts.Sum((uint)CountRow.Ingress);
        EgressDirect = counts.Sum((uint)CountRow.EgressDirect);
        EgressByDevice = counts.Sum((uint)CountRow.EgressDevice);
        EgressFailed = counts.Sum((uint)CountRow.EgressFailed).Packets;
        Shortcut = counts.Sum((uint)CountRow.Shortcut);
        Bridged = counts.Sum((uint)CountRow.Bridged).Packets;
        _drops[(int)DropReason.None] = 0;
        _drops[(int)DropReason.PktTooSmall] += device.ReceiveLengthErrors;
        _drops[(int)DropReason.VxlanInvalidHdr] += Math.Max(0, device.ReceiveErrors - device.ReceiveLengthErrors);
        _drops[(int)DropReason.MacInvalidSource] += device.ReceiveDropped;
    }

    /// <summary>Inner packets handed to the TUN's network layer, the shortcut's among them.</summary>
    public TrafficCount Ingress { get; }

    /// <summary>Inner packets that left with headers of the program's.</summary>
    public TrafficCount EgressDirect { get; }

    /// <summary>Inner packets that left by the vxlan device.</summary>
    public TrafficCount EgressByDevice { get; }

    /// <summary>Inner packets that were dropped on their way out, as the kernel had no memory for headers.</summary>
    public long EgressFailed { get; }

    /// <summary>Inner packets that never saw the kernel's UDP.</summary>
    public TrafficCount Shortcut { get; }

    /// <summary>Datagrams that were handed to the bridge device while the port changed hands.</summary>
    public long Bridged { get; }

    /// <summary>Inner packets that left.</summary>
    public TrafficCount Egress => EgressDirect + EgressByDevice;

    /// <summary>Frames of peers and others that were dropped for that reason.</summary>
    public long Dropped(DropReason reason) => _drops[(int)reason];
}
