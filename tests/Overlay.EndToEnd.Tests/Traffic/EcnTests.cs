using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Overlay.Dataplane.Packets;
using Overlay.EndToEnd.Tests.Wire;
using Overlay.Lab;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Topology;
using Overlay.Wire.Headers;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>
/// What becomes of DSCP and ECN on the way in and out of the tunnel (RFC 6040), over an underlay that marks.
/// </summary>
public class EcnTests
{
    // Expedited forwarding: a DSCP nobody sets by accident.
    private const byte Dscp = 46 << 2;

    private static readonly Ecn[] _all = Enum.GetValues<Ecn>();

    private static readonly Ecn[] _capable = [Ecn.Ect0, Ecn.Ect1, Ecn.Ce];

    [Fact]
    public void The_tunnel_carries_ecn_out_and_congestion_marks_in_and_leaves_dscp_alone()
    {
        using Cluster cluster = Cluster.Start(new LabOptions { Name = "ecn" });
        (Node a, Node b) = (cluster["a"], cluster["b"]);
        foreach ((Node from, Node to) in new[] { (a, b), (b, a) })
        {
            using PodTap tap = new(to.Pods[0]);
            CheckUnmarked(from, to, tap);
            foreach (IPAddress target in to.Pods[0].Addresses)
            {
                using (Mark(cluster.Lab.Switch, "ce"))
                {
                    foreach (Ecn ecn in _capable)
                        Arrival(from, target, ecn, tap).ShouldBe(Dscp | (int)Ecn.Ce, $"{ecn} to {target}");
                    CheckNotCapable(from, to, target, tap);
                }

                using (Mark(cluster.Lab.Switch, "ect1"))
                {
                    Arrival(from, target, Ecn.Ect0, tap)
                        .ShouldBe(Dscp | (int)Ecn.Ect1, $"the stronger of the two marks, to {target}");
                    Arrival(from, target, Ecn.NotEct, tap).ShouldBe(Dscp, $"no mark for who knows none, to {target}");
                }
            }

            tap.Count.ShouldBe(0);
        }
    }

    private static void CheckUnmarked(Node from, Node to, PodTap tap)
    {
        Pod pod = to.Pods[0];
        IReadOnlyList<DecodedPacket> packets = WireCapture.Of(from, from.Pods[0], pod, () =>
        {
            foreach (IPAddress target in pod.Addresses)
                foreach (Ecn ecn in _all)
                    Arrival(from, target, ecn, tap).ShouldBe(Dscp | (int)ecn, $"{ecn} to {target}");
        });

        // The ping at the capture's end.
        _ = tap.Take();

        DecodedLayer[][] ours = [.. packets.Where(packet => packet.Inner[2].Name == "udp")
            .Select(packet => new[] { packet.Outer[1], packet.Inner[1] })];
        ours.Select(layers => layers[1].Name)
            .ShouldBe(pod.Addresses.SelectMany(address => _all.Select(_ => Layer(address))));
        foreach (DecodedLayer[] layers in ours)
        {
            (DecodedLayer outer, DecodedLayer inner) = (layers[0], layers[1]);
            (Field(outer, "dscp"), Field(outer, "ecn")).ShouldBe(("0", Field(inner, "ecn")));
            Field(inner, "dscp").ShouldBe((Dscp >> 2).ToString(CultureInfo.InvariantCulture));
        }

        ours.Select(layers => Field(layers[1], "ecn")).Distinct().Count().ShouldBe(_all.Length);
    }

    private static void CheckNotCapable(Node from, Node to, IPAddress target, PodTap tap)
    {
        long before = Cluster.Dropped(to, nameof(DropReason.IpTunnelEcn));

        // One flow, so in order: had the first not been dropped, the tap would hear it first.
        Send(from, target, Ecn.NotEct, Ecn.Ce);
        TrafficClass(tap.Take()).ShouldBe(Dscp | (int)Ecn.Ce);
        tap.Count.ShouldBe(0);
        Cluster.Dropped(to, nameof(DropReason.IpTunnelEcn)).ShouldBe(before + 1);
    }

    /// <summary>The TOS byte or traffic class that a datagram has when it reaches the pod.</summary>
    private static int Arrival(Node from, IPAddress target, Ecn ecn, PodTap tap)
    {
        tap.Count.ShouldBe(0);
        Send(from, target, ecn);
        return TrafficClass(tap.Take());
    }

    private static int TrafficClass(byte[] packet) =>
        Ipv6Header.TryParse(packet, out Ipv6Header ipv6) ? ipv6.TrafficClass
        : Ipv4Header.TryParse(packet, out Ipv4Header ipv4) ? ipv4.Tos
        : throw new LabException($"neither IPv4 nor IPv6: {Convert.ToHexString(packet)}");

    private static void Send(Node from, IPAddress target, params ReadOnlySpan<Ecn> marks)
    {
        // (IPPROTO_IP, IP_TOS) and (IPPROTO_IPV6, IPV6_TCLASS), of which .NET knows the first only.
        (int level, int option) = target.AddressFamily == AddressFamily.InterNetwork ? (0, 1) : (41, 67);
        using Socket socket = from.Pods[0]
            .Invoke(() => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        foreach (Ecn ecn in marks)
        {
            socket.SetRawSocketOption(level, option, BitConverter.GetBytes(Dscp | (int)ecn));
            _ = socket.SendTo([1], new IPEndPoint(target, 9));
        }
    }

    /// <summary>
    /// A congested underlay: the switch sets the ECN field of every VXLAN packet it forwards, until disposed.
    /// </summary>
    private static TableRemoval Mark(NetworkNamespace underlay, string ecn)
    {
        _ = underlay.Run("nft", $$"""
            add table bridge congestion
            add chain bridge congestion forward { type filter hook forward priority 0; }
            add rule bridge congestion forward meta protocol ip udp dport 8472 ip ecn set {{ecn}}
            add rule bridge congestion forward meta protocol ip6 udp dport 8472 ip6 ecn set {{ecn}}
            """).EnsureSuccess();
        return new TableRemoval(underlay);
    }

    private static string Layer(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork ? "ip" : "ipv6";

    private static string Field(DecodedLayer ip, string field) =>
        ip[$"{(ip.Name == "ip" ? "dsfield" : "tclass")}.{field}"];

    private sealed class TableRemoval(NetworkNamespace underlay) : IDisposable
    {
        public void Dispose() => underlay.Run("nft", "delete table bridge congestion").EnsureSuccess();
    }
}
