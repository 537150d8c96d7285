namespace Overlay.EndToEnd.Tests.Integrity;

/// <summary>What has passed one way of a relay.</summary>
/// <param name="Entered">All packets, in the order in which they came.</param>
/// <param name="Left">All packets that went on, every copy, in the order in which they went.</param>
/// <param name="OvertakenTcp">
/// TCP packets over IPv4 that came behind a later one of their connection: Linux counts a connection's packets by their
/// identification, those that are sent again too (ip_select_ident_segs, include/net/ip.h).
/// </param>
internal sealed record RelayedTraffic(
    IReadOnlyList<PacketId> Entered, IReadOnlyList<RelayedPacket> Left, int OvertakenTcp);
