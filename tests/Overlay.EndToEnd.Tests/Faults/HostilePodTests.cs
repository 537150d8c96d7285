using System.Diagnostics;
using Overlay.Dataplane.Packets;
using Overlay.EndToEnd.Tests.Integrity;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>A pod with CAP_NET_RAW, which asks for segments that no kernel makes.</summary>
[Collection(FaultScenes.Name)]
public class HostilePodTests(FaultScene scene)
{
    private const int Payload = 16_000;

    private static readonly TimeSpan _long = TimeSpan.FromSeconds(LongRun.Is ? 20 : 1);

    [Theory]
    [InlineData(1, true)]
    [InlineData(10, false)]
    public void Super_packets_of_a_raw_socket_cost_other_pods_nothing(int segmentSize, bool isRefused)
    {
        (Pod from, Pod to) = (scene.A.Pods[1], scene.B.Pods[1]);
        long refused = Cluster.Dropped(scene.A, "SkbGsoSeg", "egress");
        long carried = Cluster.Forwarded(scene.A, "egress");
        int sent = 0;
        FaultFigures figures = scene.During(() =>
        {
            using PacketPort port = new(from, "eth0", hasHeader: true);
            byte[] frame = Frame(from, to, segmentSize);

            // Each that is carried makes 1,600 datagrams, which the peer has to take too.
            TimeSpan pause = TimeSpan.FromMilliseconds(isRefused ? 1 : 50);
            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < _long; sent++)
            {
                port.Send(frame);
                Thread.Sleep(pause);
            }
        });
        LongRun.Note($"{sent} super-packets with segments of {segmentSize} bytes from a pod: {figures}");
        figures.ShouldHaveLostNothing();
        long segments = (long)sent * Payload / segmentSize;
        Cluster.Dropped(scene.A, "SkbGsoSeg", "egress").ShouldBe(refused + (isRefused ? sent : 0));
        if (!isRefused) Cluster.Forwarded(scene.A, "egress").ShouldBeGreaterThanOrEqualTo(carried + segments);
        scene.ShouldRecover();
    }

    // A struct virtio_net_hdr, and behind it a frame to the pod's gateway, as PACKET_VNET_HDR takes it (packet(7)).
    private static byte[] Frame(Pod from, Pod to, int segmentSize)
    {
        const int Headers = Ipv4Header.MinLength + TcpHeader.MinLength;
        const byte Reset = 0x04;
        byte[] bytes = new byte[VirtioNetHeader.Length + EthernetHeader.Length + Headers + Payload];
        new VirtioNetHeader(
            VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoTcpv4, EthernetHeader.Length + Headers, (ushort)segmentSize,
            EthernetHeader.Length + Ipv4Header.MinLength, TcpHeader.ChecksumOffset).Write(bytes);
        Span<byte> frame = bytes.AsSpan(VirtioNetHeader.Length);
        EthernetHeader.Write(
            frame, MacAddress.Parse(LabAddresses.GatewayMac(1)), MacAddress.Parse("02:00:00:00:00:01"), EthernetHeader.Ipv4);
        Span<byte> packet = frame[EthernetHeader.Length..];
        Ipv4Header.Write(
            packet, 0, (ushort)packet.Length, 1, 0, 64, IpProtocol.Tcp, Address(from), Address(to));

        // Nobody answers a reset.
        TcpHeader.Write(packet[Ipv4Header.MinLength..], 5000, 5001, 1, 1, Reset, 1000, 0, 0);
        return bytes;
    }

    private static Ipv4Address Address(Pod pod) => IpAddress.Parse($"{pod.AddressV4}").ToIpv4();
}
