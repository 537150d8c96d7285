using Overlay.ControlPlane.Trust;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Admin;

/// <summary>What <c>overlayctl status</c> shows; what is not known before the node is made is null.</summary>
/// <param name="Problems">What keeps pods' packets from flowing.</param>
/// <param name="Warnings">What is not as it should be, while they flow.</param>
/// <param name="WaitingFor">What the start waits for.</param>
public sealed record StatusReport(
    string Node, string Version, string State, string? WaitingFor, DateTimeOffset? Started, string? Device, uint? Vni, int? Port, int? Mtu,
    string? VtepMac, string? Subnet, string? SubnetV6, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings, UnderlayReport? Underlay,
    DataplaneReport? Dataplane, ControlPlaneReport ControlPlane);

/// <summary>The interface and addresses tunnels leave by.</summary>
public sealed record UnderlayReport(string Interface, int Mtu, string? Ipv4, string? Ipv6);

/// <summary>How packets are worked on: queues, the offloads in use, most datagrams of one send (1 = each by itself).</summary>
public sealed record DataplaneReport(int Queues, IReadOnlyList<string> Offloads, int MaxSegments);

/// <summary>Where leases come from and how that goes.</summary>
/// <param name="State">connecting, connected or disconnected.</param>
/// <param name="LastSync">When it was last known that nothing was missed.</param>
/// <param name="AgeSeconds">How long ago that was.</param>
/// <param name="Revision">The store's own count then.</param>
/// <param name="FromSavedState">Node or peers are those of the last run: the store has not answered in this one.</param>
/// <param name="HeldPeers">Peers that the store lacks and that are kept until <paramref name="HeldUntil"/>.</param>
public sealed record ControlPlaneReport(
    string Kind, string Source, string State, DateTimeOffset? LastSync, long? AgeSeconds, string? Revision, bool FromSavedState,
    DateTimeOffset? LastUpdate, int AcceptedPeers, int RefusedPeers, int NotReadyPeers, int HeldPeers, DateTimeOffset? HeldUntil,
    IReadOnlyList<string> Problems);

/// <summary>One peer of <c>overlayctl peers</c>; its path is tunnel, direct, or both where the families differ.</summary>
public sealed record PeerReport(
    string Node, string State, string? Subnet, string? SubnetV6, string? PublicIp, string? PublicIpV6,
    string? VtepMac, string? VtepMacV6, string? Path, string? Reason);

/// <summary>One prefix of <c>overlayctl routes</c>; via is an underlay address or <c>local</c>.</summary>
public sealed record RouteReport(string Prefix, string Via, string? VtepMac, string Node);

/// <summary>What <c>overlayctl counters</c> shows.</summary>
public sealed record CountersReport(IReadOnlyList<WorkerReport> Workers, IReadOnlyList<DropReport> Drops);

/// <summary>One worker: packets and inner bytes passed on, managed memory its thread has allocated.</summary>
public sealed record WorkerReport(string Worker, string Direction, long Packets, long Bytes, long AllocatedBytes);

/// <summary>Packets dropped for one reason.</summary>
public sealed record DropReport(string Direction, string Reason, long Packets);
