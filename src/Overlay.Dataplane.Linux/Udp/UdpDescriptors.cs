namespace Overlay.Dataplane.Linux.Udp;

/// <summary>
/// The open sockets of an underlay, for another process: what <see cref="UdpSockets.Descriptors"/> lists and
/// <see cref="UdpSockets.Adopt"/> takes.
/// </summary>
/// <param name="Receiving">One a queue and address family, bound to the VXLAN port.</param>
/// <param name="Sending">The source ports of each address family.</param>
public sealed record UdpDescriptors(IReadOnlyList<int> Receiving, IReadOnlyList<int> Sending);
