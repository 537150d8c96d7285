namespace Overlay.Dataplane.Linux.Tun;

/// <summary>
/// What the kernel is asked to do for whole bursts instead of packet by packet; each is used where kernel and device
/// have it.
/// </summary>
[Flags]
public enum Offloads
{
    None = 0,

    /// <summary>A virtio-net header before each packet on the TUN: unfinished checksums pass either way.</summary>
    TunHeader = 1,

    /// <summary>
    /// TCP super-packets on the TUN, either way (TUN_F_TSO4, TUN_F_TSO6). Needs <see cref="TunHeader"/>.
    /// </summary>
    TunTcp = 2,

    /// <summary>
    /// UDP super-packets on the TUN, either way (TUN_F_USO4, TUN_F_USO6; Linux 6.2). Needs <see cref="TunHeader"/>.
    /// </summary>
    TunUdp = 4,

    /// <summary>Many datagrams of one size in one send (UDP_SEGMENT; Linux 4.18).</summary>
    UdpSend = 8,

    /// <summary>Many datagrams of one size in one receive (UDP_GRO; Linux 5.12).</summary>
    UdpReceive = 16,

    All = TunHeader | TunTcp | TunUdp | UdpSend | UdpReceive,
}
