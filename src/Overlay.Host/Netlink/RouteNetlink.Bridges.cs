using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

public sealed partial class RouteNetlink
{
    /// <summary>Makes a bridge with a hardware address that stays, whatever ports come and go.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="address">Its hardware address.</param>
    /// <param name="mtu">Bytes; 0 for the kernel's 1500.</param>
    /// <returns>False when there is a device of that name.</returns>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool TryCreateBridge(string name, MacAddress address, int mtu)
    {
        NetlinkMessage request = CreateRequest(name);
        _ = request.Add(RtNetlink.IFLA_ADDRESS, address);
        if (mtu != 0) _ = request.Add(RtNetlink.IFLA_MTU, (uint)mtu);
        int info = request.BeginNested(RtNetlink.IFLA_LINKINFO);
        _ = request.Add(RtNetlink.IFLA_INFO_KIND, "bridge");
        request.EndNested(info);
        try
        {
            _socket.Request(request, "RTM_NEWLINK (bridge)", name);
            return true;
        }
        catch (LinuxException taken) when (taken.Errno == Errno.EEXIST)
        {
            return false;
        }
    }

    /// <summary>Makes a pair of veth devices, both down, the near one a port of its bridge.</summary>
    /// <exception cref="LinuxException">The kernel refused; EEXIST: one of the names is taken on its side.</exception>
    public void CreateVeth(VethPair pair)
    {
        NetlinkMessage request = CreateRequest(pair.Name);
        _ = request.Add(RtNetlink.IFLA_MASTER, (uint)pair.Bridge.Index);
        if (pair.Mtu != 0) _ = request.Add(RtNetlink.IFLA_MTU, (uint)pair.Mtu);
        int info = request.BeginNested(RtNetlink.IFLA_LINKINFO);
        _ = request.Add(RtNetlink.IFLA_INFO_KIND, "veth");
        int data = request.BeginNested(RtNetlink.IFLA_INFO_DATA);
        int peer = request.BeginNested(RtNetlink.VETH_INFO_PEER, IfInfo(0));
        _ = request.Add(RtNetlink.IFLA_IFNAME, pair.PeerName)
            .Add(RtNetlink.IFLA_ADDRESS, pair.PeerAddress)
            .Add(RtNetlink.IFLA_NET_NS_FD, (uint)pair.PeerNamespace.Descriptor);
        if (pair.Mtu != 0) _ = request.Add(RtNetlink.IFLA_MTU, (uint)pair.Mtu);
        request.EndNested(peer);
        request.EndNested(data);
        request.EndNested(info);
        _socket.Request(request, "RTM_NEWLINK (veth)", $"{pair.Name} and its peer {pair.PeerName}");
    }

    /// <summary>Brings the port of a bridge up; it gets no IPv6 address of its own.</summary>
    /// <param name="name">The port.</param>
    /// <param name="isHairpin">Frames may leave by the port they came in by.</param>
    /// <exception cref="LinuxException">The kernel refused, or it is no port of a bridge.</exception>
    public void SetUpPort(string name, bool isHairpin)
    {
        NetlinkMessage request = new(RtNetlink.RTM_NEWLINK, RtNetlink.NLM_F_ACK, IfInfo(0, RtNetlink.IFF_UP));
        _ = request.Add(RtNetlink.IFLA_IFNAME, name);
        int info = request.BeginNested(RtNetlink.IFLA_LINKINFO);
        _ = request.Add(RtNetlink.IFLA_INFO_SLAVE_KIND, "bridge");
        int data = request.BeginNested(RtNetlink.IFLA_INFO_SLAVE_DATA);
        _ = request.Add(RtNetlink.IFLA_BRPORT_MODE, isHairpin ? (byte)1 : (byte)0);
        request.EndNested(data);
        request.EndNested(info);
        int families = request.BeginNested(RtNetlink.IFLA_AF_SPEC);
        int ipv6 = request.BeginNested(Libc.AF_INET6);
        _ = request.Add(RtNetlink.IFLA_INET6_ADDR_GEN_MODE, RtNetlink.IN6_ADDR_GEN_MODE_NONE);
        request.EndNested(ipv6);
        request.EndNested(families);
        _socket.Request(request, "RTM_NEWLINK (bridge port)", name);
    }

    /// <summary>The port of a bridge by that name; null when there is no such device or it is in no bridge.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public BridgePortInfo? FindBridgePort(string name) => FindLink(name, ReadBridgePort);

    private static NetlinkMessage CreateRequest(string name) =>
        new NetlinkMessage(
            RtNetlink.RTM_NEWLINK, RtNetlink.NLM_F_CREATE | RtNetlink.NLM_F_EXCL | RtNetlink.NLM_F_ACK, IfInfo(0))
            .Add(RtNetlink.IFLA_IFNAME, name);

    private static BridgePortInfo? ReadBridgePort(ReadOnlySpan<byte> payload)
    {
        string kind = "";
        ReadOnlySpan<byte> data = default;
        NetlinkAttributes attributes = new(payload[IfInfoLength..]);
        while (attributes.MoveNext())
        {
            if (attributes.Type != RtNetlink.IFLA_LINKINFO) continue;
            NetlinkAttributes info = new(attributes.Value);
            while (info.MoveNext())
            {
                if (info.Type == RtNetlink.IFLA_INFO_SLAVE_KIND) kind = info.ReadString();
                if (info.Type == RtNetlink.IFLA_INFO_SLAVE_DATA) data = info.Value;
            }
        }

        if (kind != "bridge") return null;
        bool isEnabled = false;
        bool isHairpin = false;
        NetlinkAttributes port = new(data);
        while (port.MoveNext())
        {
            if (port.Type == RtNetlink.IFLA_BRPORT_STATE) isEnabled = port.ReadByte() != RtNetlink.BR_STATE_DISABLED;
            if (port.Type == RtNetlink.IFLA_BRPORT_MODE) isHairpin = port.ReadByte() != 0;
        }

        return new BridgePortInfo(ReadLink(payload), isEnabled, isHairpin);
    }
}
