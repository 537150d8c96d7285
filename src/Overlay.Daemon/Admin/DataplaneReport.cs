namespace Overlay.Daemon.Admin;

/// <summary>How packets are worked on: queues, the offloads in use, the largest number of datagrams of one send (1 = each by itself).</summary>
public sealed record DataplaneReport(int Queues, IReadOnlyList<string> Offloads, int MaxSegments);
