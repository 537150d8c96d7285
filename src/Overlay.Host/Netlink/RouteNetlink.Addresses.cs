using System.Runtime.InteropServices;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

public sealed partial class RouteNetlink
{
    private const int IfAddrLength = 8;

    /// <summary>Every address of this network namespace, both families.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public IReadOnlyList<AddressInfo> GetAddresses()
    {
        NetlinkMessage request = new(RtNetlink.RTM_GETADDR, RtNetlink.NLM_F_DUMP, new byte[IfAddrLength]);
        return _socket.Dump(request, "RTM_GETADDR", "all addresses",
            static (type, payload) => type == RtNetlink.RTM_NEWADDR ? ReadAddress(payload) : null);
    }

    /// <summary>The addresses of one device, both families.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public IReadOnlyList<AddressInfo> GetAddresses(LinkInfo link)
    {
        byte[] header = new byte[IfAddrLength];
        MemoryMarshal.Write(header.AsSpan(4), link.Index);
        NetlinkMessage request = new(RtNetlink.RTM_GETADDR, RtNetlink.NLM_F_DUMP, header);
        return _socket.Dump(request, "RTM_GETADDR", $"the addresses of {link.Name}", (type, payload) =>
            type == RtNetlink.RTM_NEWADDR
                && ReadAddress(payload) is { } address && address.LinkIndex == link.Index ? address : null);
    }

    /// <summary>Takes an address away.</summary>
    /// <exception cref="LinuxException">The kernel refused, or it was not there.</exception>
    public void RemoveAddress(LinkInfo link, IpAddress address, int prefixLength)
    {
        NetlinkMessage request =
            new(RtNetlink.RTM_DELADDR, RtNetlink.NLM_F_ACK, AddressHeader(link, address, prefixLength));
        _ = request.Add(RtNetlink.IFA_LOCAL, address);
        _socket.Request(request, "RTM_DELADDR", $"{address}/{prefixLength} dev {link.Name}");
    }

    /// <summary>Assigns an address; one that is there already stays. IPv6 addresses skip duplicate detection.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void SetAddress(LinkInfo link, IpAddress address, int prefixLength) =>
        _socket.Request(
            AddressRequest(link, address, prefixLength),
            "RTM_NEWADDR", $"{address}/{prefixLength} dev {link.Name}");

    private static byte[] AddressHeader(LinkInfo link, IpAddress address, int prefixLength)
    {
        // struct ifaddrmsg: family, prefix length, flags, scope, index(4)
        byte[] header = new byte[IfAddrLength];
        header[0] = FamilyOf(address.Family);
        header[1] = (byte)prefixLength;
        header[3] = RtNetlink.RT_SCOPE_UNIVERSE;
        MemoryMarshal.Write(header.AsSpan(4), link.Index);
        return header;
    }

    private static NetlinkMessage AddressRequest(LinkInfo link, IpAddress address, int prefixLength)
    {
        NetlinkMessage request = new(
            RtNetlink.RTM_NEWADDR, RtNetlink.NLM_F_CREATE | RtNetlink.NLM_F_REPLACE | RtNetlink.NLM_F_ACK,
            AddressHeader(link, address, prefixLength));
        _ = request.Add(RtNetlink.IFA_LOCAL, address).Add(RtNetlink.IFA_ADDRESS, address);
        if (address.Family == IpFamily.IPv6) _ = request.Add(RtNetlink.IFA_FLAGS, RtNetlink.IFA_F_NODAD);
        return request;
    }

    private static AddressInfo? ReadAddress(ReadOnlySpan<byte> payload)
    {
        if (payload[0] is not (Libc.AF_INET or Libc.AF_INET6)) return null;

        // For IPv4 the temporary bit means "secondary": a second address of a network, as good as the first.
        uint unfit = RtNetlink.IFA_F_TENTATIVE | RtNetlink.IFA_F_DEPRECATED;
        if (payload[0] == Libc.AF_INET6) unfit |= RtNetlink.IFA_F_TEMPORARY;
        IpAddress? local = null;
        IpAddress? address = null;
        uint flags = payload[2];
        NetlinkAttributes attributes = new(payload[IfAddrLength..]);
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                // Point-to-point devices have the peer in IFA_ADDRESS; IFA_LOCAL is ours wherever there is one.
                case RtNetlink.IFA_LOCAL: local = IpAddress.Read(attributes.Value); break;
                case RtNetlink.IFA_ADDRESS: address = IpAddress.Read(attributes.Value); break;
                case RtNetlink.IFA_FLAGS: flags = attributes.ReadUInt32(); break;
                default: break;
            }
        }

        if ((local ?? address) is not { } own) return null;
        int index = MemoryMarshal.Read<int>(payload[4..]);
        return new AddressInfo(
            index, own, payload[1], payload[3] == RtNetlink.RT_SCOPE_UNIVERSE, (flags & unfit) == 0,
            (flags & RtNetlink.IFA_F_TENTATIVE) != 0,
            payload[0] == Libc.AF_INET && (flags & RtNetlink.IFA_F_TEMPORARY) != 0);
    }
}
