using System.Runtime.InteropServices;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Maps;

/// <summary>A key of map ov_rt4 (struct route_key_v4).</summary>
/// <param name="Length">Bits of the prefix.</param>
/// <param name="Address">Its lowest address.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct RouteKeyV4(uint Length, Ipv4Bytes Address)
{
    public static RouteKeyV4 Of(IpPrefix prefix) => new((uint)prefix.Length, Ipv4Bytes.Of(prefix.Address));
}

/// <summary>A key of map ov_rt6 (struct route_key_v6).</summary>
/// <param name="Length">Bits of the prefix.</param>
/// <param name="Address">Its lowest address.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct RouteKeyV6(uint Length, AddressBytes Address)
{
    public static RouteKeyV6 Of(IpPrefix prefix) => new((uint)prefix.Length, AddressBytes.Of(prefix.Address));
}

/// <summary>Where a route leads, and whose a VTEP is (struct target).</summary>
/// <param name="Peer">Row of map ov_peer; 0 is this node itself.</param>
/// <param name="Owner">One number for all VTEPs of a node, from 1; 0 is this node itself.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct Target(uint Peer, uint Owner)
{
    /// <summary>The pod CIDRs of this node.</summary>
    public static Target OwnNode => default;
}

/// <summary>A row of map ov_peer (struct peer): how frames to a VTEP are addressed.</summary>
/// <param name="Family">4 or 6, of the underlay's address; 0 in a row that is not in use.</param>
/// <param name="Mac">Inner destination.</param>
/// <param name="Reserved">Zero.</param>
/// <param name="Address">Outer destination.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct PeerEntry(uint Family, MacBytes Mac, ushort Reserved, AddressBytes Address)
{
    public static PeerEntry Of(IpAddress address, MacAddress mac) => new(
        address.Family == IpFamily.IPv4 ? 4u : 6u, MacBytes.Of(mac), 0, AddressBytes.Of(address));
}

/// <summary>A value of map ov_stranger (struct stranger): a frame of a sender whose address no peer has.</summary>
/// <param name="Vni">The network that the frame is of.</param>
/// <param name="To">Inner destination MAC.</param>
/// <param name="From">Inner source MAC.</param>
/// <param name="Family">4 or 6, of the inner packet.</param>
/// <param name="Source">Source of the inner packet.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct StrangerEntry(uint Vni, MacBytes To, MacBytes From, uint Family, AddressBytes Source);

/// <summary>A value of map ov_cnt (struct count).</summary>
/// <param name="Packets">Inner packets; each segment of a super-packet is one.</param>
/// <param name="Bytes">
/// Bytes of inner IP packets; those of a super-packet with its headers once, as the kernel carries it.
/// </param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TrafficCount(long Packets, long Bytes)
{
    public static TrafficCount operator +(TrafficCount left, TrafficCount right) =>
        new(left.Packets + right.Packets, left.Bytes + right.Bytes);

    public static TrafficCount operator -(TrafficCount left, TrafficCount right) =>
        new(left.Packets - right.Packets, left.Bytes - right.Bytes);

    public static TrafficCount Add(TrafficCount left, TrafficCount right) => left + right;

    public static TrafficCount Subtract(TrafficCount left, TrafficCount right) => left - right;
}

/// <summary>A value of map ov_traffic (struct traffic).</summary>
/// <param name="Egress">Sent to the peer.</param>
/// <param name="Ingress">Taken from the peer.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct PeerTraffic(TrafficCount Egress, TrafficCount Ingress);
