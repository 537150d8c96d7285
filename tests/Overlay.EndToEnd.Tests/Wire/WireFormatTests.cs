using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Overlay.EndToEnd.Tests.Traffic;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.EndToEnd.Tests.Wire;

/// <summary>What our daemons put on the wire, read by a decoder that is not ours.</summary>
public class WireFormatTests
{
    private const int Flows = 40;
    private const int DatagramsPerFlow = 3;
    private const string Good = "1";

    private static readonly string[] _withChecksum = ["ip", "udp", "tcp", "icmp", "icmpv6"];

    [Theory]
    [InlineData(AddressFamilies.V4)]
    [InlineData(AddressFamilies.V6)]
    public void What_crosses_the_underlay_is_vxlan_to_tshark_in_every_field(AddressFamilies underlay)
    {
        using Cluster cluster = Start("wire", underlay);
        (Pod one, Pod other) = (cluster["a"].Pods[0], cluster["b"].Pods[0]);
        IReadOnlyList<DecodedPacket> packets = WireCapture.Of(cluster["a"], one, other, () =>
        {
            foreach ((Pod from, Pod to) in new[] { (one, other), (other, one) })
            {
                foreach (IPAddress address in to.Addresses)
                {
                    from.Ping(address).EnsureSuccess();
                    UdpExchange.Check(from, to, address);
                    TcpTransfer.Check(from, to, address, 64 * 1024);
                }
            }
        });

        foreach (DecodedPacket packet in packets) CheckFields(packet, cluster, underlay);
        CheckSourcePorts(packets);

        // All of what was sent has been looked at: each kind of inner packet, both ways.
        packets.Select(
            packet =>
                $"{packet.Outer[1]["src"]} "
                + $"{string.Join(' ', packet.Inner.Skip(1).Take(2).Select(layer => layer.Name))}").Distinct()
            .Order().ShouldBe(
                from node in cluster.Lab.Nodes
                from inner in new[] { "ip icmp", "ip tcp", "ip udp", "ipv6 icmpv6", "ipv6 tcp", "ipv6 udp" }
                select $"{Underlay(node, underlay)} {inner}");
    }

    [Theory]
    [InlineData(AddressFamilies.V4)]
    [InlineData(AddressFamilies.V6)]
    public void Flows_spread_over_outer_source_ports_and_each_keeps_its_own(AddressFamilies underlay)
    {
        using Cluster cluster = Start("ports", underlay);
        (Pod from, Pod to) = (cluster["a"].Pods[0], cluster["b"].Pods[0]);
        foreach (IPAddress address in to.Addresses)
        {
            IReadOnlyList<DecodedPacket> packets =
                WireCapture.Of(cluster["a"], from, to, () => SendFlows(from, address));
            IReadOnlyList<DecodedPacket> flows = [.. packets.Where(packet => packet.Inner[2].Name == "udp")];
            flows.Count.ShouldBe(Flows * DatagramsPerFlow);
            flows.Select(packet => packet.InnerFlow).Distinct().Count().ShouldBe(Flows);
            CheckSourcePorts(flows);
            flows.Select(OuterSourcePort).Distinct().Count().ShouldBeGreaterThan(4);
        }
    }

    private static Cluster Start(string name, AddressFamilies underlay)
    {
        Cluster cluster = Cluster.Start(new LabOptions { Name = name, Underlay = underlay });

        // Else a veth hands over super-packets and checksums that a wire never sees.
        foreach (Node node in cluster.Lab.Nodes) _ = node.Link.SetOffloads(false);
        return cluster;
    }

    private static void CheckFields(DecodedPacket packet, Cluster cluster, AddressFamilies underlay)
    {
        DecodedLayer outer = packet.Outer[1];
        Node sender = cluster.Lab.Nodes.Single(node => Underlay(node, underlay) == outer["src"]);
        Node receiver = cluster.Lab.Nodes.Single(node => node != sender);
        packet.Errors.ShouldBeEmpty();
        packet.Outer.Select(layer => layer.Name)
            .ShouldBe(["eth", underlay == AddressFamilies.V4 ? "ip" : "ipv6", "udp"]);
        outer["dst"].ShouldBe(Underlay(receiver, underlay));
        if (underlay == AddressFamilies.V4)
        {
            (outer["ttl"], outer["flags.df"], outer["flags.mf"], outer["dsfield.dscp"], outer["dsfield.ecn"])
                .ShouldBe(("64", "0", "0", "0", "0"));
        }
        else (outer["hlim"], outer["tclass.dscp"], outer["tclass.ecn"]).ShouldBe(("64", "0", "0"));

        packet.Outer[2]["dstport"].ShouldBe("8472");
        (packet.Vxlan["flags"], packet.Vxlan["vni"], packet.Vxlan["reserved8"]).ShouldBe(("0x0800", "1", "0"));
        packet.Inner[0].Name.ShouldBe("eth");
        (packet.Inner[0]["src"], packet.Inner[0]["dst"])
            .ShouldBe((VtepMac(sender, underlay), VtepMac(receiver, underlay)));
        CheckInnerAddresses(packet.Inner[1], sender, receiver);
        foreach (DecodedLayer layer in packet.Outer.Concat(packet.Inner)
            .Where(layer => _withChecksum.Contains(layer.Name)))
            layer["checksum.status"].ShouldBe(Good, $"{layer.Name} checksum of {packet}");
    }

    private static void CheckInnerAddresses(DecodedLayer ip, Node sender, Node receiver)
    {
        ip.Name.ShouldBeOneOf("ip", "ipv6");
        sender.Pods[0].Addresses.Select(address => address.ToString()).ShouldContain(ip["src"]);
        receiver.Pods[0].Addresses.Select(address => address.ToString()).ShouldContain(ip["dst"]);

        // Sent with 64, and the sending node has routed it.
        ip[ip.Name == "ip" ? "ttl" : "hlim"].ShouldBe("63");
    }

    private static void CheckSourcePorts(IEnumerable<DecodedPacket> packets)
    {
        foreach (IGrouping<string, DecodedPacket> flow in packets.GroupBy(packet => packet.InnerFlow))
            flow.Select(OuterSourcePort).Distinct()
                .ShouldHaveSingleItem($"one outer source port for {flow.Key}").ShouldBeInRange(49_152, 65_535);
    }

    private static void SendFlows(Pod from, IPAddress target)
    {
        // All at once, or the kernel may give a port a second time.
        List<Socket> sockets = [];
        try
        {
            for (int flow = 0; flow < Flows; flow++)
            {
                Socket socket = from.Invoke(() => new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
                sockets.Add(socket);
                for (int i = 0; i < DatagramsPerFlow; i++)
                    _ = socket.SendTo(new byte[32], new IPEndPoint(target, 40_000));
            }
        }
        finally
        {
            sockets.ForEach(static socket => socket.Dispose());
        }
    }

    private static int OuterSourcePort(DecodedPacket packet) =>
        int.Parse(packet.Outer[2]["srcport"], CultureInfo.InvariantCulture);

    private static string Underlay(Node node, AddressFamilies family) =>
        (family == AddressFamilies.V4 ? node.UnderlayV4 : node.UnderlayV6)!.ToString();

    private static string VtepMac(Node node, AddressFamilies family)
    {
        VxlanPeer lease = VxlanPeer.Read(node.LeaseFile);
        return (family == AddressFamilies.V4 ? lease.VtepMac : lease.VtepMacV6)!;
    }
}
