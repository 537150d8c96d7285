using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;

namespace Overlay.Daemon.Lifecycle;

/// <summary>The open descriptors of a node that runs, as one overlayd gives them to the next.</summary>
/// <param name="Tun">Its device.</param>
/// <param name="Sockets">The sockets of its tunnels.</param>
internal sealed record InheritedNode(TunDescriptors Tun, UdpDescriptors Sockets);
