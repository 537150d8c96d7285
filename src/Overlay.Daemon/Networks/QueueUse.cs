using Overlay.Dataplane.Linux.Tun;

namespace Overlay.Daemon.Networks;

/// <summary>How packets are worked on, as the kernel's answers have left it.</summary>
/// <param name="Queues">Workers, each with a queue of the TUN and the sockets of one.</param>
/// <param name="Offloads">The offloads in use.</param>
/// <param name="MaxSegments">Most datagrams of one send; 1 where each goes by itself.</param>
internal readonly record struct QueueUse(int Queues, Offloads Offloads, int MaxSegments);
