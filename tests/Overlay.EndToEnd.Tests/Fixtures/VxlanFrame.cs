using Overlay.Wire;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using PacketDotNet;
using SharpPcap;
using SharpPcap.LibPcap;

namespace Overlay.EndToEnd.Tests.Fixtures;

/// <summary>An Ethernet frame of the underlay that carries VXLAN, read by none of the product's parsers.</summary>
/// <param name="Number">As tshark counts: from 1.</param>
/// <param name="OuterSource">Who sent it.</param>
/// <param name="OuterEcn">The outer header's ECN field.</param>
/// <param name="Datagram">The UDP payload: from the VXLAN header on.</param>
internal sealed record VxlanFrame(int Number, IpAddress OuterSource, Ecn OuterEcn, byte[] Datagram)
{
    private const ushort Port = 8472;

    /// <summary>The packet that was encapsulated.</summary>
    public byte[] Inner => Datagram[VxlanOverhead.InPayload..];

    public IpFamily InnerFamily => (IpFamily)(Inner[0] >> 4);

    /// <summary>The frames of a capture, in its order.</summary>
    public static IReadOnlyList<VxlanFrame> Read(string capture)
    {
        using CaptureFileReaderDevice file = new(capture);
        file.Open();
        List<VxlanFrame> frames = [];
        while (file.GetNextPacket(out PacketCapture packet) == GetPacketStatus.PacketRead)
            frames.Add(Of(frames.Count + 1, packet.GetPacket()));
        return frames;
    }

    private static VxlanFrame Of(int number, RawCapture frame)
    {
        string what = $"frame {number}";
        frame.Data.Length.ShouldBe(frame.PacketLength, what);
        IPPacket ip = Packet.ParsePacket(frame.LinkLayerType, frame.Data).Extract<IPPacket>().ShouldNotBeNull(what);
        UdpPacket udp = ip.PayloadPacket.ShouldBeOfType<UdpPacket>(what);
        udp.DestinationPort.ShouldBe(Port, what);
        int trafficClass = ip is IPv4Packet ipv4 ? ipv4.TypeOfService : ((IPv6Packet)ip).TrafficClass;
        return new VxlanFrame(
            number, IpAddress.Read(ip.SourceAddress.GetAddressBytes()), (Ecn)(trafficClass & 3), udp.PayloadData);
    }
}
