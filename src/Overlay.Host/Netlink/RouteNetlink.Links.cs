using System.Runtime.InteropServices;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

public sealed partial class RouteNetlink
{
    private const int IfInfoLength = 16;

    /// <summary>Every device of this network namespace.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public IReadOnlyList<LinkInfo> GetLinks()
    {
        NetlinkMessage request = new(RtNetlink.RTM_GETLINK, RtNetlink.NLM_F_DUMP, IfInfo(0));
        return _socket.Dump(request, "RTM_GETLINK", "all links",
            static (type, payload) => type == RtNetlink.RTM_NEWLINK ? ReadLink(payload) : null);
    }

    /// <summary>The device of that name, or null.</summary>
    /// <inheritdoc cref="GetLinks" path="/exception"/>
    public LinkInfo? FindLink(string name) => FindLink(name, ReadLink);

    /// <summary>Sets MTU and queue, and brings the device up.</summary>
    /// <param name="link">The device.</param>
    /// <param name="mtu">In bytes.</param>
    /// <param name="queueLength">In packets.</param>
    /// <exception cref="LinuxException">The kernel refused, or there is no such device.</exception>
    public void SetUp(LinkInfo link, int mtu, int queueLength)
    {
        NetlinkMessage request = new(RtNetlink.RTM_NEWLINK, RtNetlink.NLM_F_ACK, IfInfo(link.Index, RtNetlink.IFF_UP));
        _ = request.Add(RtNetlink.IFLA_MTU, (uint)mtu);
        _ = request.Add(RtNetlink.IFLA_TXQLEN, (uint)queueLength);
        _socket.Request(request, "RTM_NEWLINK (up)", link.Name);
    }

    /// <summary>Gives a device a text for people, of at most 255 bytes.</summary>
    /// <exception cref="LinuxException">The kernel refused, or there is no such device.</exception>
    public void SetAlias(LinkInfo link, string alias)
    {
        NetlinkMessage request = new(RtNetlink.RTM_NEWLINK, RtNetlink.NLM_F_ACK, IfInfo(link.Index));
        _ = request.Add(RtNetlink.IFLA_IFALIAS, alias);
        _socket.Request(request, "RTM_NEWLINK (alias)", link.Name);
    }

    /// <summary>Removes the device, and with it its addresses and routes.</summary>
    /// <exception cref="LinuxException">The kernel refused, or there is no such device.</exception>
    public void Delete(LinkInfo link)
    {
        NetlinkMessage request = new(RtNetlink.RTM_DELLINK, RtNetlink.NLM_F_ACK, IfInfo(link.Index));
        _socket.Request(request, "RTM_DELLINK", link.Name);
    }

    /// <summary>Removes the device of that name; false when there is none.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool TryDelete(string name)
    {
        NetlinkMessage request = new(RtNetlink.RTM_DELLINK, RtNetlink.NLM_F_ACK, IfInfo(0));
        _ = request.Add(RtNetlink.IFLA_IFNAME, name);
        try
        {
            _socket.Request(request, "RTM_DELLINK", name);
            return true;
        }
        catch (LinuxException gone) when (gone.Errno is Errno.ENODEV or Errno.ERANGE)
        {
            return false;
        }
    }

    private T? FindLink<T>(string name, Func<ReadOnlySpan<byte>, T?> reader)
        where T : class
    {
        NetlinkMessage request = new(RtNetlink.RTM_GETLINK, RtNetlink.NLM_F_ACK, IfInfo(0));
        _ = request.Add(RtNetlink.IFLA_IFNAME, name);
        try
        {
            IReadOnlyList<T> answer = _socket.Dump(request, "RTM_GETLINK", name,
                (type, payload) => type == RtNetlink.RTM_NEWLINK ? reader(payload) : null);
            return answer.Count == 0 ? null : answer[0];
        }
        catch (LinuxException unknown) when (unknown.Errno is Errno.ENODEV or Errno.ERANGE)
        {
            // ERANGE: the name is longer than any device's.
            return null;
        }
    }

    private static byte[] IfInfo(int index, uint flags = 0)
    {
        // struct ifinfomsg: family, pad, type(2), index(4), flags(4), change mask(4)
        byte[] message = new byte[IfInfoLength];
        MemoryMarshal.Write(message.AsSpan(4), index);
        MemoryMarshal.Write(message.AsSpan(8), flags);
        MemoryMarshal.Write(message.AsSpan(12), flags);
        return message;
    }

    private static LinkInfo ReadLink(ReadOnlySpan<byte> payload)
    {
        string name = "";
        string kind = "";
        int mtu = 0;
        int master = 0;
        string alias = "";
        bool hasCarrier = false;
        MacAddress address = default;
        NetlinkAttributes attributes = new(payload[IfInfoLength..]);
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case RtNetlink.IFLA_IFNAME: name = attributes.ReadString(); break;
                case RtNetlink.IFLA_MTU: mtu = (int)attributes.ReadUInt32(); break;
                case RtNetlink.IFLA_ADDRESS when attributes.Value.Length == MacAddress.Length:
                    address =
                    MacAddress.Read(attributes.Value); break;
                case RtNetlink.IFLA_IFALIAS: alias = attributes.ReadString(); break;
                case RtNetlink.IFLA_CARRIER: hasCarrier = attributes.Value is [not 0, ..]; break;
                case RtNetlink.IFLA_MASTER: master = (int)attributes.ReadUInt32(); break;
                case RtNetlink.IFLA_LINKINFO: kind = ReadKind(attributes.Value); break;
                default: break;
            }
        }

        bool isUp = (MemoryMarshal.Read<uint>(payload[8..]) & RtNetlink.IFF_UP) != 0;
        return new LinkInfo(MemoryMarshal.Read<int>(payload[4..]), name, mtu, isUp, kind, address, master, alias,
            hasCarrier);
    }

    private static string ReadKind(ReadOnlySpan<byte> linkInfo)
    {
        NetlinkAttributes attributes = new(linkInfo);
        while (attributes.MoveNext())
        {
            if (attributes.Type == RtNetlink.IFLA_INFO_KIND) return attributes.ReadString();
        }

        return "";
    }
}
