using Overlay.Dataplane.Linux.Udp;

namespace Overlay.Daemon.Lifecycle;

/// <summary>The open descriptors of a node that runs, as one overlayd gives them to the next.</summary>
/// <param name="TunQueues">The queues of its device, in order.</param>
/// <param name="Sockets">The sockets of its tunnels.</param>
internal sealed record InheritedNode(IReadOnlyList<int> TunQueues, UdpDescriptors Sockets);
