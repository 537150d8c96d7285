using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// Packets of several flows from b to a as they might come by any network: mostly in order, and anything but alike.
/// </summary>
internal sealed class FlowMix
{
    private const byte Ack = 0x10;

    private readonly Random _random;
    private readonly Flow[] _flows;

    public FlowMix(Random random, int flows)
    {
        _random = random;
        _flows = [.. Enumerable.Range(0, flows).Select(NewFlow)];
    }

    /// <summary>The next packet, of a flow that is likely to be the one of the packet before.</summary>
    public Sent Next(ref int flow)
    {
        // With many flows more often, so that a batch meets more of them than are remembered.
        if (_random.Next(_flows.Length > 20 ? 2 : 4) == 0) flow = _random.Next(_flows.Length);
        ref Flow current = ref _flows[flow % _flows.Length];
        Wander(ref current);
        int size = _random.Next(
            12) switch
        { 0 => 0, 1 => _random.Next(1, current.Size + 1), 2 => current.Size + 1, _ => current.Size };
        byte[] payload = new byte[size];
        _random.NextBytes(payload);
        PacketBuilder packet = current.Packet.Identification((ushort)_random.Next(65_536)).Payload(payload);
        packet = _random.Next(30) switch
        {
            0 => packet.Sequence(current.Sequence + 1),
            1 => packet.Sequence(current.Sequence - (uint)current.Size),
            _ => packet.Sequence(current.Sequence),
        };
        current.Sequence += (uint)size;
        return Send(Oddity(packet));
    }

    // What one packet has and the next has not.
    private PacketBuilder Oddity(PacketBuilder packet) => _random.Next(60) switch
    {
        0 or 1 or 2 or 3 => packet.TcpFlags(Ack | 0x08),
        4 => packet.TcpFlags(Ack | 0x01),
        5 => packet.TcpFlags(Ack | 0x09),
        6 => packet.TcpFlags(Ack | 0x20),
        7 => packet.TcpFlags(Ack | 0x40),
        8 => packet.TcpFlags(Ack | 0x80),
        9 => packet.TcpFlags((byte)_random.Next(256)),
        10 => packet.Ttl(5),
        11 => packet.Dscp(8),
        12 => packet.Ecn(Ecn.Ce),
        13 => packet.MayFragment(),
        14 => packet.FlowLabel(77),
        15 => packet.Options(1),
        16 when !packet.IsIpv4 => packet.Extensions(IpProtocol.DestinationOptions),
        17 => packet.Fragment(0, more: true),
        18 => packet.Fragment(1480, more: false),
        19 => packet.TcpReserved(1),
        20 => packet.UrgentPointer(3),
        21 => packet.Protocol(IpProtocol.Icmp),
        22 => packet.TotalLength(IngressRig.Mtu),
        _ => packet,
    };

    // What changes once, and then stays.
    private void Wander(ref Flow flow)
    {
        flow.Packet = _random.Next(40) switch
        {
            0 => flow.Packet.Acknowledgment((uint)_random.Next()),
            1 => flow.Packet.Window((ushort)_random.Next(65_536)),
            2 => flow.Packet.Timestamp((byte)_random.Next(256)),
            _ => flow.Packet,
        };
        if (_random.Next(40) == 0) flow.Size = _random.Next(1, 1300);
    }

    private Sent Send(PacketBuilder packet)
    {
        byte[] complete = packet.Build();
        return _random.Next(20) switch
        {
            // No device finishes a fragment's checksum, as it covers more than the fragment, or one of ICMP.
            0 or 1 when !packet.IsFragment && packet.ChecksumOffset is not 2 =>
                new Sent(packet.Checksum(ChecksumState.Partial).Build(), complete, IsWrong: false),
            2 => Wrong(packet),
            3 => Untouched(packet.Checksum(ChecksumState.Zero).Build(), isWrong: false),
            _ => Untouched(complete, isWrong: false),
        };
    }

    // One in 65,536 is, by chance, just what a device leaves unfinished: nobody can tell, and the kernel's own VXLAN
    // could not.
    private static Sent Wrong(PacketBuilder packet)
    {
        byte[] wrong = packet.Checksum(ChecksumState.Wrong).Build();
        return wrong.AsSpan().SequenceEqual(packet.Checksum(ChecksumState.Partial).Build())
            ? Untouched(packet.Build(), isWrong: false)
            : Untouched(wrong, isWrong: true);
    }

    private static Sent Untouched(byte[] bytes, bool isWrong) => new(bytes, bytes, isWrong);

    private Flow NewFlow(int index)
    {
        IpFamily family = _random.Next(2) == 0 ? IpFamily.IPv4 : IpFamily.IPv6;
        PacketBuilder packet = PacketBuilder.Between(B, A, family)
            .Protocol(_random.Next(3) == 0 ? IpProtocol.Udp : IpProtocol.Tcp).Ports(1000 + index, 80);
        if (_random.Next(3) != 0) packet = packet.Timestamp(1);
        return new Flow { Packet = packet, Size = _random.Next(1, 1300), Sequence = (uint)_random.NextInt64(1L << 32) };
    }

    /// <summary>A packet as it comes, and as the pod shall get it.</summary>
    internal sealed record Sent(byte[] Bytes, byte[] Delivered, bool IsWrong);

    private struct Flow
    {
        public PacketBuilder Packet;
        public int Size;
        public uint Sequence;
    }
}
