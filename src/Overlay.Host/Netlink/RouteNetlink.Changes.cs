using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

public sealed partial class RouteNetlink
{
    /// <summary>Brings a device up as it is.</summary>
    /// <exception cref="LinuxException">The kernel refused, or there is no such device.</exception>
    public void SetUp(string name) =>
        _socket.Request(ChangeRequest(name, RtNetlink.IFF_UP), "RTM_NEWLINK (up)", name);

    /// <summary>Brings a device up, and has it pass on super-packets of at most that many segments.</summary>
    /// <exception cref="LinuxException">The kernel refused, or there is no such device.</exception>
    public void SetUp(string name, uint segmentLimit) =>
        _socket.Request(
            ChangeRequest(name, RtNetlink.IFF_UP).Add(RtNetlink.IFLA_GSO_MAX_SEGS, segmentLimit), "RTM_NEWLINK (up)",
            name);

    /// <summary>Has a device take in every frame, whoever it is for.</summary>
    /// <exception cref="LinuxException">The kernel refused, or there is no such device.</exception>
    public void SetPromiscuous(string name) =>
        _socket.Request(ChangeRequest(name, RtNetlink.IFF_PROMISC), "RTM_NEWLINK (promiscuous)", name);

    /// <summary>
    /// Sets a device's hardware address. Also where it is that one already, the kernel then tells the link whose the
    /// device's addresses are, as its settings arp_notify and ndisc_notify ask for.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused, or there is no such device.</exception>
    public void SetHardwareAddress(string name, MacAddress address) =>
        _socket.Request(ChangeRequest(name, 0).Add(RtNetlink.IFLA_ADDRESS, address), "RTM_NEWLINK (address)", name);

    private static NetlinkMessage ChangeRequest(string name, uint flags) =>
        new NetlinkMessage(RtNetlink.RTM_NEWLINK, RtNetlink.NLM_F_ACK, IfInfo(0, flags))
            .Add(RtNetlink.IFLA_IFNAME, name);
}
