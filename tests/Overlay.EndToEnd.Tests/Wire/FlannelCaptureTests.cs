using System.Globalization;
using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.EndToEnd.Tests.Fixtures;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.EndToEnd.Tests.Wire;

/// <summary>
/// What a real flannel pair put on the wire: ours understands every frame of it, and would have written the same.
/// </summary>
public class FlannelCaptureTests
{
    private const int Frames = 26;
    private const string ChecksumBad = "0";

    private static readonly string _capture =
        Path.Combine(AppContext.BaseDirectory, "Fixtures", "flannel", "wire.pcap");

    // Segments veth handed on whole, as tcpdump saw them: longer than either device's MTU.
    private static readonly int[] _superPackets = [12, 14, 15, 17];

    private readonly VxlanFrame[] _frames = [.. VxlanFrame.Read(_capture)];

    [Fact]
    public void Every_frame_is_decapsulated_to_the_packet_tshark_sees_in_it()
    {
        IReadOnlyList<IReadOnlyDictionary<string, string>> rows = Tshark.Read(
            _capture, "frame.number", "vxlan.vni", "eth.src", "eth.dst", "ip.src", "ip.dst", "ip.proto", "ip.len",
            "ipv6.src", "ipv6.dst", "ipv6.nxt", "ipv6.plen", "tcp.payload", "data.data", "tcp.seq_raw");
        rows.Count.ShouldBe(Frames);
        _frames.Length.ShouldBe(Frames);
        foreach ((VxlanFrame frame, IReadOnlyDictionary<string, string> row) in _frames.Zip(rows))
        {
            string what = $"frame {frame.Number}";
            row["frame.number"].ShouldBe(Text(frame.Number));
            FlannelNode sender = FlannelNode.At(frame.OuterSource);
            sender.Vtep(frame.InnerFamily).Mac.ToString().ShouldBe(row["eth.src"], what);
            sender.Peer.Vtep(frame.InnerFamily).Mac.ToString().ShouldBe(row["eth.dst"], what);
            sender.Vtep(frame.InnerFamily).Vni.ToString().ShouldBe(row["vxlan.vni"], what);

            PacketBatch batch = Decapsulate(frame);

            batch[0].Verdict.ShouldBe(DropReason.None, what);
            byte[] packet = batch.Packet(0).ToArray();
            packet.ShouldBe(frame.Inner, what);
            string payload = row["ip.proto"] == Text(IpProtocol.Tcp) ? row["tcp.payload"] : row["data.data"];
            Convert.ToHexStringLower(packet).ShouldEndWith(payload, Case.Sensitive, what);
            if (frame.InnerFamily == IpFamily.IPv4) ShouldMatchIpv4(packet, row, what);
            else ShouldMatchIpv6(packet, row, what);
        }
    }

    [Fact]
    public void Unfinished_checksums_and_super_packets_are_announced_and_nothing_else_is()
    {
        IReadOnlyList<IReadOnlyDictionary<string, string>> rows =
            Tshark.Read(_capture, "tcp.checksum.status", "tcp.hdr_len");
        rows.Count(static row => row["tcp.checksum.status"] == ChecksumBad)
            .ShouldBeGreaterThan(_superPackets.Length, "the capture holds unfinished checksums");
        foreach ((VxlanFrame frame, IReadOnlyDictionary<string, string> row) in _frames.Zip(rows))
        {
            VirtioNetHeader expected = default;
            if (row["tcp.checksum.status"] == ChecksumBad)
            {
                expected = new(VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoNone, 0, 0, Ipv4Header.MinLength,
                    TcpHeader.ChecksumOffset);
            }

            if (_superPackets.Contains(frame.Number))
            {
                ushort headers =
                    (ushort)(Ipv4Header.MinLength + int.Parse(row["tcp.hdr_len"], CultureInfo.InvariantCulture));
                expected = expected with
                {
                    GsoType = VirtioNetHeader.GsoTcpv4,
                    HeaderLength = headers,
                    GsoSize = (ushort)(FlannelNode.Mtu(IpFamily.IPv4) - headers),
                };
            }

            Decapsulate(frame)[0].Offload.ShouldBe(expected, $"frame {frame.Number}");
        }
    }

    [Fact]
    public void Our_encapsulation_of_each_inner_packet_is_the_kernels_byte_for_byte()
    {
        _frames.Length.ShouldBe(Frames);
        foreach (VxlanFrame frame in _frames)
        {
            FlannelNode sender = FlannelNode.At(frame.OuterSource);
            PacketBatch batch = BatchOf(frame.Inner);

            _ = Encapsulator.Encapsulate(batch, sender.Table(frame.InnerFamily));

            batch[0].Verdict.ShouldBe(DropReason.None, $"frame {frame.Number}");
            batch.Packet(0).ToArray().ShouldBe(frame.Datagram, $"frame {frame.Number}");
            batch[0].Remote.ShouldBe(sender.Peer.Remote(frame.InnerFamily), $"frame {frame.Number}");
            batch[0].OuterEcn.ShouldBe(frame.OuterEcn, $"frame {frame.Number}");
        }
    }

    /// <summary>As the node it was sent to.</summary>
    private static PacketBatch Decapsulate(VxlanFrame frame)
    {
        FlannelNode receiver = FlannelNode.At(frame.OuterSource).Peer;
        PacketBatch batch = BatchOf(frame.Datagram);
        batch.Received(0).OuterSource = frame.OuterSource;
        batch.Received(0).OuterEcn = frame.OuterEcn;
        Decapsulator.Decapsulate(batch, receiver.Table(frame.InnerFamily));
        return batch;
    }

    private static PacketBatch BatchOf(byte[] bytes)
    {
        PacketBatch batch = new(1);
        batch.AddReceived().Length = bytes.Length;
        bytes.CopyTo(batch.ReceivedBytes(0));
        return batch;
    }

    private static void ShouldMatchIpv4(byte[] packet, IReadOnlyDictionary<string, string> row, string what)
    {
        Ipv4Header.TryParse(packet, out Ipv4Header ip).ShouldBeTrue(what);
        ip.Source.ToString().ShouldBe(row["ip.src"], what);
        ip.Destination.ToString().ShouldBe(row["ip.dst"], what);
        Text(ip.Protocol).ShouldBe(row["ip.proto"], what);
        Text(packet.Length).ShouldBe(row["ip.len"], what);
        if (ip.Protocol != IpProtocol.Tcp) return;
        TcpHeader.TryParse(ip.Payload, out TcpHeader tcp).ShouldBeTrue(what);
        Text(tcp.SequenceNumber).ShouldBe(row["tcp.seq_raw"], what);
    }

    private static void ShouldMatchIpv6(byte[] packet, IReadOnlyDictionary<string, string> row, string what)
    {
        Ipv6Header.TryParse(packet, out Ipv6Header ip).ShouldBeTrue(what);
        ip.Source.ToString().ShouldBe(row["ipv6.src"], what);
        ip.Destination.ToString().ShouldBe(row["ipv6.dst"], what);
        Text(ip.NextHeader).ShouldBe(row["ipv6.nxt"], what);
        Text(packet.Length - Ipv6Header.Length).ShouldBe(row["ipv6.plen"], what);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
