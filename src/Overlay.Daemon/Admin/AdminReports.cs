namespace Overlay.Daemon;

/// <summary>What <c>overlayctl status</c> shows.</summary>
public sealed record StatusReport(
    string Node, string Version, string State, DateTimeOffset Started, string Device, uint Vni, int Port, int Mtu,
    string VtepMac, string? Subnet, string? SubnetV6, IReadOnlyList<string> Problems, UnderlayReport Underlay,
    DataplaneReport Dataplane, ControlPlaneReport ControlPlane);

/// <summary>The interface and addresses tunnels leave by.</summary>
public sealed record UnderlayReport(string Interface, int Mtu, string? Ipv4, string? Ipv6);

/// <summary>How packets are worked on: queues, the offloads in use, most datagrams of one send (1 = each by itself).</summary>
public sealed record DataplaneReport(int Queues, IReadOnlyList<string> Offloads, int MaxSegments);

/// <summary>Where leases come from and how that goes.</summary>
public sealed record ControlPlaneReport(
    string Kind, string Source, DateTimeOffset? LastUpdate, int AcceptedPeers, int RefusedPeers, int NotReadyPeers, IReadOnlyList<string> Problems);

/// <summary>One peer of <c>overlayctl peers</c>.</summary>
public sealed record PeerReport(
    string Node, string State, string? Subnet, string? SubnetV6, string? PublicIp, string? PublicIpV6,
    string? VtepMac, string? VtepMacV6, string? Reason);

/// <summary>One prefix of <c>overlayctl routes</c>; via is an underlay address or <c>local</c>.</summary>
public sealed record RouteReport(string Prefix, string Via, string? VtepMac, string Node);

/// <summary>What <c>overlayctl counters</c> shows.</summary>
public sealed record CountersReport(IReadOnlyList<WorkerReport> Workers, IReadOnlyList<DropReport> Drops);

/// <summary>One worker: packets and inner bytes passed on, managed memory its thread has allocated.</summary>
public sealed record WorkerReport(string Worker, string Direction, long Packets, long Bytes, long AllocatedBytes);

/// <summary>Packets dropped for one reason.</summary>
public sealed record DropReport(string Direction, string Reason, long Packets);
