using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Ebpf.Lifecycle;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Tests;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Tests;

/// <summary>
/// Node a with a TUN and a tier, and node b's sockets. Both have <see cref="TestNode"/>'s addresses.
/// </summary>
internal sealed class TierRig : IDisposable
{
    public const string TunName = TierEnd.TunName;
    public const ushort Port = TierEnd.Port;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private readonly TwoNodes _nodes = new();
    private readonly PacketBatch _batch = new(8);

    public TierRig(Func<EbpfTierOptions, EbpfTierOptions>? change = null) => _nodes.Guard(() =>
    {
        B.Ip(
            $"address add {IngressFrame.StrangerV4}/24 dev eth0",
            $"address add {IngressFrame.StrangerV6}/64 dev eth0 nodad");
        End = new TierEnd(A, TestNode.A, change);
    });

    public Node A => _nodes.A;

    public Node B => _nodes.B;

    public TierEnd End { get; private set; } = null!;

    public EbpfTier Tier => End.Tier;

    /// <summary>Publishes node a's table with peers b and c, and has the kernel receive and send.</summary>
    public void Start() => End.Start(TestNode.B, TestNode.C);

    public EbpfCounters Counters() => A.Invoke(Tier.ReadCounters);

    /// <summary>Frames that were accepted or refused since the start.</summary>
    public static long Seen(EbpfCounters counters)
    {
        long seen = counters.Ingress.Packets;
        foreach (DropReason reason in Enum.GetValues<DropReason>()) seen += counters.Dropped(reason);
        return seen;
    }

    /// <summary>A socket of node b with that address and mark, whose packets go to node a's VXLAN port.</summary>
    public Socket SocketOfB(IpAddress address, Ecn mark = Ecn.NotEct, ushort port = 0) => B.Invoke(() =>
    {
        bool isIpv4 = address.Family == IpFamily.IPv4;
        Socket socket = new(
            isIpv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveTimeout = (int)_patience.TotalMilliseconds,
            ReceiveBufferSize = 1 << 20,
        };

        // IPV6_TCLASS; .NET has no name for it.
        if (isIpv4) socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.TypeOfService, (int)mark);
        else socket.SetRawSocketOption(41, 67, BitConverter.GetBytes((int)mark));
        socket.Bind(new IPEndPoint(address.ToIPAddress(), port));
        IpAddress target = isIpv4 ? TestNode.A.Remote.Address : TestNode.A.RemoteV6.Address;
        socket.Connect(target.ToIPAddress(), Port);
        return socket;
    });

    /// <summary>Reads what the kernel has left to the daemon until a packet of that IP protocol comes.</summary>
    public byte[]? ReadTun(byte protocol, TimeSpan? patience = null)
    {
        byte[]? found = null;
        SpinWait.SpinUntil(() =>
        {
            if (!End.Tun.TryRead(_batch)) return false;
            for (int i = 0; i < _batch.ReceivedCount; i++)
            {
                byte[] packet = _batch.ReceivedBytes(i).ToArray();
                if (packet[packet[0] >> 4 == 4 ? 9 : 6] == protocol) found = packet;
            }

            return found is not null;
        }, patience ?? _patience);
        return found;
    }

    /// <summary>Waits until a state is there.</summary>
    public static void Wait(Func<bool> isThere, string what) =>
        SpinWait.SpinUntil(isThere, _patience).ShouldBeTrue(what);

    public void Dispose()
    {
        End.Dispose();
        _nodes.Dispose();
    }
}
