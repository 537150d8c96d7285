using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests;

/// <summary>
/// Makes a node pass on multicast between two of its devices, both ways, as long as it lives: static routes of the
/// kernel (linux/mroute.h, mroute6.h).
/// </summary>
internal sealed class MulticastRouter : IDisposable
{
    // MRT_INIT, MRT_ADD_VIF and MRT_ADD_MFC; IPv6 has the same numbers.
    private const int Init = 200;
    private const int AddInterface = 202;
    private const int AddRoute = 204;

    private readonly Socket _socket;
    private readonly int _level;

    public MulticastRouter(Node node, AddressFamily family, params string[] devices)
    {
        bool isV4 = family == AddressFamily.InterNetwork;
        _level = isV4 ? (int)SocketOptionLevel.IP : (int)SocketOptionLevel.IPv6;
        _socket = node.Invoke(() => new Socket(family, SocketType.Raw, isV4 ? ProtocolType.Igmp : ProtocolType.IcmpV6));
        int on = 1;
        _socket.SetRawSocketOption(_level, Init, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in on)));
        for (ushort i = 0; i < devices.Length; i++)
        {
            int index = int.Parse(node.Run("cat", $"/sys/class/net/{devices[i]}/ifindex").EnsureSuccess().Output);
            _socket.SetRawSocketOption(_level, AddInterface, isV4 ? Interface(i, index) : Interface6(i, (ushort)index));
        }
    }

    /// <summary>
    /// Passes on what the source sends to the group, from the one device to the other, by their numbers.
    /// </summary>
    public void Route(IPAddress source, IPAddress group, ushort from, ushort to) =>
        _socket.SetRawSocketOption(_level, AddRoute, source.AddressFamily == AddressFamily.InterNetwork
            ? Route4(source, group, from, to)
            : Route6(source, group, from, to));

    public void Dispose() => _socket.Dispose();

    private static byte[] Interface(ushort number, int index)
    {
        // struct vifctl: number(2), VIFF_USE_IFINDEX, TTL threshold, rate limit(4), index(4), remote(4)
        byte[] vif = new byte[16];
        MemoryMarshal.Write(vif, number);
        (vif[2], vif[3]) = (8, 1);
        MemoryMarshal.Write(vif.AsSpan(8), index);
        return vif;
    }

    private static byte[] Interface6(ushort number, ushort index)
    {
        // struct mif6ctl: number(2), flags, TTL threshold, index(2), rate limit(4)
        byte[] mif = new byte[12];
        MemoryMarshal.Write(mif, number);
        mif[3] = 1;
        MemoryMarshal.Write(mif.AsSpan(4), index);
        return mif;
    }

    private static byte[] Route4(IPAddress source, IPAddress group, ushort from, ushort to)
    {
        // struct mfcctl: source(4), group(4), parent(2), TTL threshold of each of 32 interfaces (0 = not there),
        // counters
        byte[] mfc = new byte[60];
        source.GetAddressBytes().CopyTo(mfc, 0);
        group.GetAddressBytes().CopyTo(mfc, 4);
        MemoryMarshal.Write(mfc.AsSpan(8), from);
        mfc[10 + to] = 1;
        return mfc;
    }

    private static byte[] Route6(IPAddress source, IPAddress group, ushort from, ushort to)
    {
        // struct mf6cctl: source and group as sockaddr_in6(28), parent(2), set of interfaces(32)
        byte[] mfc = new byte[92];
        foreach ((int offset, IPAddress address) in new[] { (0, source), (28, group) })
        {
            MemoryMarshal.Write(mfc.AsSpan(offset), (ushort)10);
            address.GetAddressBytes().CopyTo(mfc, offset + 8);
        }

        MemoryMarshal.Write(mfc.AsSpan(56), from);
        MemoryMarshal.Write(mfc.AsSpan(60), 1u << to);
        return mfc;
    }
}
