using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Host.Netlink;

/// <summary>The kernel's table of connections (ctnetlink). One thread at a time.</summary>
public sealed class ConntrackNetlink : IDisposable
{
    private const int NfGenLength = 4;
    private const int AttributeHeaderLength = 4;

    private readonly NetlinkSocket _socket = new(protocol: RtNetlink.NETLINK_NETFILTER);

    /// <summary>The connections of a family that are wanted.</summary>
    /// <exception cref="LinuxException">The kernel refused, or tracks nothing.</exception>
    public IReadOnlyList<TrackedFlow> GetFlows(IpFamily family, Func<TrackedFlow, bool> isWanted)
    {
        NetlinkMessage request = new(RtNetlink.CT_GET, RtNetlink.NLM_F_DUMP, Header(family));
        return _socket.Dump(request, "ctnetlink", "all connections", (type, payload) =>
            type == RtNetlink.CT_NEW && Read(payload) is { } flow && isWanted(flow) ? flow : null);
    }

    /// <summary>Has the kernel forget a connection: its next packet begins another. False when it is gone.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public bool TryDelete(TrackedFlow flow)
    {
        NetlinkMessage request = new(RtNetlink.CT_DELETE, RtNetlink.NLM_F_ACK, Header(flow.Source.Family));
        _ = request.AddRaw(flow.Key.Span);
        try
        {
            _socket.Request(request, "ctnetlink (delete)", $"{flow.Source} to {flow.Destination}");
            return true;
        }
        catch (LinuxException gone) when (gone.Errno == Errno.ENOENT)
        {
            return false;
        }
    }

    public void Dispose() => _socket.Dispose();

    // struct nfgenmsg: family, version, resource id(2)
    private static byte[] Header(IpFamily family)
    {
        byte[] header = new byte[NfGenLength];
        header[0] = family == IpFamily.IPv4 ? (byte)Libc.AF_INET : (byte)Libc.AF_INET6;
        return header;
    }

    private static TrackedFlow? Read(ReadOnlySpan<byte> payload)
    {
        (IpAddress Source, IpAddress Destination)? original = null;
        uint status = 0;
        List<byte> key = [];
        NetlinkAttributes attributes = new(payload[NfGenLength..]);
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case RtNetlink.CTA_TUPLE_ORIG: original = ReadTuple(attributes.Value); break;
                case RtNetlink.CTA_STATUS: status = BinaryPrimitives.ReadUInt32BigEndian(attributes.Value); break;
                default: break;
            }

            // The ID keeps a younger connection of the same addresses and ports from being taken for this one.
            if (attributes.Type is RtNetlink.CTA_TUPLE_ORIG or RtNetlink.CTA_ID or RtNetlink.CTA_ZONE)
                AddTo(key, attributes);
        }

        return original is { } sent
            ? new TrackedFlow(sent.Source, sent.Destination, (status & RtNetlink.IPS_NAT_MASK) != 0, key.ToArray())
            : null;
    }

    private static (IpAddress Source, IpAddress Destination)? ReadTuple(ReadOnlySpan<byte> tuple)
    {
        IpAddress? source = null;
        IpAddress? destination = null;
        NetlinkAttributes parts = new(tuple);
        while (parts.MoveNext())
        {
            if (parts.Type != RtNetlink.CTA_TUPLE_IP) continue;
            NetlinkAttributes ends = new(parts.Value);
            while (ends.MoveNext())
            {
                if (ends.Type is RtNetlink.CTA_IP_V4_SRC or RtNetlink.CTA_IP_V6_SRC)
                    source = IpAddress.Read(ends.Value);
                if (ends.Type is RtNetlink.CTA_IP_V4_DST or RtNetlink.CTA_IP_V6_DST)
                    destination = IpAddress.Read(ends.Value);
            }
        }

        return source is { } from && destination is { } to ? (from, to) : null;
    }

    private static void AddTo(List<byte> key, NetlinkAttributes attribute)
    {
        Span<byte> header = stackalloc byte[AttributeHeaderLength];
        MemoryMarshal.Write(header, (ushort)(AttributeHeaderLength + attribute.Value.Length));
        bool isNested = attribute.Type == RtNetlink.CTA_TUPLE_ORIG;
        MemoryMarshal.Write(header[2..], (ushort)(attribute.Type | (isNested ? RtNetlink.NLA_F_NESTED : 0)));
        key.AddRange(header);
        key.AddRange(attribute.Value);
        while (key.Count != NetlinkMessage.Align(key.Count)) key.Add(0);
    }
}
