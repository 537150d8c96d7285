using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Overlay.Host.Interop;

namespace Overlay.Host.Netlink;

public sealed partial class RouteNetlink
{
    /// <summary>
    /// Makes a VXLAN device in external mode, down: it has no VNI and no peers of its own, takes every VNI that comes
    /// to its port, and sends where a packet's metadata says (linux/if_link.h, IFLA_VXLAN_COLLECT_METADATA).
    /// </summary>
    /// <remarks>Outer checksums are written, and zero ones over IPv6 refused, as flannel's device does.</remarks>
    /// <param name="name">Its name.</param>
    /// <param name="port">UDP port; bound when the device is brought up.</param>
    /// <param name="sourcePorts">First and last UDP source port of what it sends.</param>
    /// <exception cref="LinuxException">
    /// The kernel refused; EEXIST: the name is taken, or another device in external mode has the port.
    /// </exception>
    public void CreateExternalVxlan(string name, ushort port, (ushort First, ushort Last) sourcePorts)
    {
        Span<byte> bytes = stackalloc byte[2 * sizeof(ushort)];
        NetlinkMessage request = CreateRequest(name);
        int info = request.BeginNested(RtNetlink.IFLA_LINKINFO);
        _ = request.Add(RtNetlink.IFLA_INFO_KIND, "vxlan");
        int data = request.BeginNested(RtNetlink.IFLA_INFO_DATA);
        BinaryPrimitives.WriteUInt16BigEndian(bytes, port);
        _ = request.Add(RtNetlink.IFLA_VXLAN_ID, 0u)
            .Add(RtNetlink.IFLA_VXLAN_PORT, bytes[..sizeof(ushort)])
            .Add(RtNetlink.IFLA_VXLAN_COLLECT_METADATA, (byte)1)
            .Add(RtNetlink.IFLA_VXLAN_LEARNING, (byte)0)
            .Add(RtNetlink.IFLA_VXLAN_UDP_CSUM, (byte)1)
            .Add(RtNetlink.IFLA_VXLAN_UDP_ZERO_CSUM6_RX, (byte)0);
        BinaryPrimitives.WriteUInt16BigEndian(bytes, sourcePorts.First);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[sizeof(ushort)..], sourcePorts.Last);
        _ = request.Add(RtNetlink.IFLA_VXLAN_PORT_RANGE, bytes);
        request.EndNested(data);
        request.EndNested(info);
        _socket.Request(request, "RTM_NEWLINK (vxlan)", name);
    }

    /// <summary>The UDP port of a VXLAN device in external mode; null where there is no such device.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public ushort? FindExternalVxlanPort(string name) =>
        FindLink(name, static payload => ReadVxlanPort(payload) is { } port ? new VxlanPort(port) : null)?.Port;

    /// <summary>The counts of a device; null where there is no such device.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public LinkStatistics? FindStatistics(string name) => FindLink(name, static payload =>
    {
        NetlinkAttributes attributes = new(payload[IfInfoLength..]);
        while (attributes.MoveNext())
        {
            if (attributes.Type != RtNetlink.IFLA_STATS64) continue;

            // struct rtnl_link_stats64.
            ReadOnlySpan<ulong> counts = MemoryMarshal.Cast<byte, ulong>(attributes.Value);
            return new LinkStatistics((long)counts[4], (long)counts[6], (long)counts[10]);
        }

        return null;
    });

    private static ushort? ReadVxlanPort(ReadOnlySpan<byte> payload)
    {
        ushort port = 0;
        bool isExternal = false;
        NetlinkAttributes attributes = new(payload[IfInfoLength..]);
        while (attributes.MoveNext())
        {
            if (attributes.Type != RtNetlink.IFLA_LINKINFO) continue;
            NetlinkAttributes info = new(attributes.Value);
            while (info.MoveNext())
            {
                if (info.Type != RtNetlink.IFLA_INFO_DATA) continue;
                NetlinkAttributes data = new(info.Value);
                while (data.MoveNext())
                {
                    if (data.Type == RtNetlink.IFLA_VXLAN_PORT) port = BinaryPrimitives.ReadUInt16BigEndian(data.Value);
                    if (data.Type == RtNetlink.IFLA_VXLAN_COLLECT_METADATA) isExternal = data.ReadByte() != 0;
                }
            }
        }

        return isExternal ? port : null;
    }

    private sealed record VxlanPort(ushort Port);
}
