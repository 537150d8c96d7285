using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>What is joined, and what prevents it.</summary>
public class CoalescerTests
{
    private const byte Fin = 0x01;
    private const byte Syn = 0x02;
    private const byte Rst = 0x04;
    private const byte Psh = 0x08;
    private const byte Ack = 0x10;
    private const byte Urg = 0x20;
    private const byte Ece = 0x40;
    private const byte Cwr = 0x80;
    private const int Size = 200;

    private readonly CoalescerRig _rig = new();

    /// <summary>One field of one of two packets that would be joined else.</summary>
    private static readonly Dictionary<string, Func<PacketBuilder, PacketBuilder>> _differences = new()
    {
        ["source address"] = packet => packet.From(B.Pod(packet.IsIpv4 ? IpFamily.IPv4 : IpFamily.IPv6, 11)),
        ["destination address"] = packet => packet.To(A.Pod(packet.IsIpv4 ? IpFamily.IPv4 : IpFamily.IPv6, 11)),
        ["source port"] = packet => packet.Ports(40_001, 80),
        ["destination port"] = packet => packet.Ports(40_000, 81),
        ["DSCP"] = packet => packet.Dscp(1),
        ["ECN"] = packet => packet.Ecn(Ecn.Ect0),
        ["TTL"] = packet => packet.Ttl(64),
        ["flow label"] = packet => packet.FlowLabel(1),
        ["DF"] = packet => packet.MayFragment(),
        ["options of IP"] = packet =>
            packet.IsIpv4 ? packet.Options(1) : packet.Extensions(IpProtocol.DestinationOptions),
        ["fragment"] = packet => packet.Fragment(0, more: true),
        ["wrong checksum"] = packet => packet.Checksum(ChecksumState.Wrong),
        ["checksum of zero"] = packet => packet.Checksum(ChecksumState.Zero),
        ["no payload"] = packet => packet.Payload(0),
        ["larger payload"] = packet => packet.Payload(Size + 1),
        ["timestamp"] = packet => packet.Timestamp(1),
        ["acknowledgment"] = packet => packet.Acknowledgment(1),
        ["window"] = packet => packet.Window(1),
        ["urgent pointer"] = packet => packet.UrgentPointer(1),
        ["reserved bit"] = packet => packet.TcpReserved(1),
        ["FIN"] = packet => packet.TcpFlags(Ack | Fin),
        ["SYN"] = packet => packet.TcpFlags(Ack | Syn),
        ["RST"] = packet => packet.TcpFlags(Ack | Rst),
        ["URG"] = packet => packet.TcpFlags(Ack | Urg),
        ["ECE"] = packet => packet.TcpFlags(Ack | Ece),
        ["CWR"] = packet => packet.TcpFlags(Ack | Cwr),
        ["no ACK"] = packet => packet.TcpFlags(0),
        ["gap"] = packet => packet.Sequence(1 + Size + 1),
        ["overlap"] = packet => packet.Sequence(1 + Size - 1),
        ["repetition"] = packet => packet.Sequence(1),
    };

    private static readonly (IpFamily, byte)[] _kinds =
    [
        (IpFamily.IPv4, IpProtocol.Tcp), (IpFamily.IPv6, IpProtocol.Tcp), (IpFamily.IPv4, IpProtocol.Udp),
        (IpFamily.IPv6, IpProtocol.Udp),
    ];

    private static readonly string[] _onlyIpv4 = ["DF"];
    private static readonly string[] _onlyIpv6 = ["flow label"];
    private static readonly string[] _onlyTcp =
    [
        "timestamp", "acknowledgment", "window", "urgent pointer", "reserved bit", "FIN", "SYN", "RST", "URG", "ECE",
        "CWR", "no ACK", "gap", "overlap", "repetition",
    ];

    /// <summary>The differences that the family and the protocol have a field for.</summary>
    public static TheoryData<IpFamily, byte, string> Differences
    {
        get
        {
            TheoryData<IpFamily, byte, string> data = [];
            foreach ((IpFamily family, byte protocol) in _kinds)
            {
                IEnumerable<string> names = _differences.Keys.Except(family == IpFamily.IPv4 ? _onlyIpv6 : _onlyIpv4);
                if (protocol == IpProtocol.Udp) names = names.Except(_onlyTcp);
                foreach (string name in names) data.Add(family, protocol, name);
            }

            return data;
        }
    }

    public static TheoryData<IpFamily, byte> Kinds
    {
        get
        {
            TheoryData<IpFamily, byte> data = [];
            foreach ((IpFamily family, byte protocol) in _kinds) data.Add(family, protocol);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Differences))]
    public void Packets_that_differ_in_this_are_written_by_themselves(IpFamily family, byte protocol, string difference)
    {
        Func<PacketBuilder, PacketBuilder> change = _differences[difference];
        (PacketBuilder first, PacketBuilder second) = (Segment(family, protocol, 0), Segment(family, protocol, 1));
        ShouldPassUnjoined(first, change(second));

        // A gap behind is a gap before; a larger one may well lead a smaller.
        if (difference is not ("gap" or "overlap" or "repetition" or "larger payload"))
            ShouldPassUnjoined(change(first), second);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Equal_segments_and_a_shorter_last_one_become_one_packet(IpFamily family, byte protocol)
    {
        PacketBuilder[] sent = [.. Enumerable.Range(0, 10).Select(i => Segment(family, protocol, i))];
        sent[9] = sent[9].Payload(7);
        ShouldJoin(sent, 10);
        foreach (int count in new[] { 2, 3, 9 }) ShouldJoin(sent[..count], count);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Nothing_is_put_before_a_fragment_that_came_first(IpFamily family, byte protocol)
    {
        PacketBuilder[] sent = [.. Enumerable.Range(0, 5).Select(i => Segment(family, protocol, i))];
        byte[] fragment = Segment(family, protocol, 9).Fragment(64, more: false).Build();
        IReadOnlyList<CoalescerRig.Written> written = _rig.Join([.. sent[..2]
            .Select(static packet => packet.Build()), fragment, .. sent[2..].Select(static packet => packet.Build())]);
        written.Select(static packet => packet.Count).ShouldBe([2, 1, 3]);
        written[1].Packet.ShouldBe(fragment);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Behind_a_short_one_a_new_packet_begins(IpFamily family, byte protocol)
    {
        PacketBuilder[] sent = [.. Enumerable.Range(0, 6).Select(i => Segment(family, protocol, i))];
        sent[2] = sent[2].Payload(Size - 1);
        for (int i = 3; i < 6; i++) sent[i] = sent[i].Sequence((uint)(i * Size));
        ShouldJoin(sent, 3, 3);
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void A_push_ends_a_packet_and_is_its_last_segments(IpFamily family)
    {
        PacketBuilder[] sent = [.. Enumerable.Range(0, 7).Select(i => Segment(family, IpProtocol.Tcp, i))];
        foreach (int i in new[] { 2, 3 }) sent[i] = sent[i].TcpFlags(Ack | Psh);
        ShouldJoin(sent, 3, 1, 3);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Unfinished_checksums_join_finished_ones(IpFamily family, byte protocol)
    {
        PacketBuilder[] sent = [.. Enumerable.Range(0, 4).Select(i => Segment(family, protocol, i))];
        foreach (int partial in new[] { 0, 1, 3 })
        {
            PacketBuilder[] mixed = [.. sent];
            mixed[partial] = mixed[partial].Checksum(ChecksumState.Partial);
            CoalescerRig.Written written = _rig.Join(mixed.Select(static packet => packet.Build()))
                .ShouldHaveSingleItem();
            ShouldBe(PacketSplitter.Split(written.Packet, written.Offload), sent);
        }
    }

    [Theory]
    [InlineData(IpFamily.IPv4, IpProtocol.Tcp, 1024, 63, 1)]
    [InlineData(IpFamily.IPv6, IpProtocol.Tcp, 1024, 63, 1)]
    [InlineData(IpFamily.IPv4, IpProtocol.Udp, 1024, 63, 1)]
    [InlineData(IpFamily.IPv6, IpProtocol.Udp, 1024, 63, 1)]
    [InlineData(IpFamily.IPv4, IpProtocol.Udp, 10, 64)]
    [InlineData(IpFamily.IPv4, IpProtocol.Tcp, 10, 64)]
    public void No_packet_becomes_longer_than_ip_allows(IpFamily family, byte protocol, int size, params int[] counts)
    {
        PacketBuilder[] sent = [.. Enumerable.Range(0, 64)
            .Select(i => Segment(family, protocol, i).Payload(size).Sequence((uint)(i * size)))];
        ShouldJoin(sent, counts);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_tun_that_takes_no_super_packets_of_a_kind_gets_none(IpFamily family, byte protocol)
    {
        byte[][] sent = [.. Enumerable.Range(0, 5).Select(i => Segment(family, protocol, i).Build())];
        bool isTcp = protocol == IpProtocol.Tcp;
        new CoalescerRig(joinsTcp: !isTcp, joinsUdp: isTcp)
            .Join(sent).Select(static written => written.Packet).ShouldBe(sent);
        new CoalescerRig(joinsTcp: isTcp, joinsUdp: !isTcp).Join(sent).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(32)]
    public void Flows_that_alternate_are_joined_each_by_itself_as_far_as_there_is_room(int flows)
    {
        int rounds = _rig.Capacity / flows;
        PacketBuilder[] sent = [.. Enumerable.Range(0, rounds * flows).Select(i => Segment(
            i % 2 == 0 ? IpFamily.IPv4 : IpFamily.IPv6, i % flows % 3 == 0 ? IpProtocol.Udp : IpProtocol.Tcp, i / flows)
            .Ports(1000 + (i % flows), 80))];
        if (flows % 2 != 0)
            sent = [.. sent.Select(
                (_, i) => Segment(IpFamily.IPv4, IpProtocol.Tcp, i / flows).Ports(1000 + (i % flows), 80))];
        IReadOnlyList<CoalescerRig.Written> written = _rig.Join(sent.Select(static packet => packet.Build()));
        if (flows <= 16) written.Select(static packet => packet.Count).ShouldBe(Enumerable.Repeat(rounds, flows));

        List<byte[]> split =
            [.. written.SelectMany(static packet => PacketSplitter.Split(packet.Packet, packet.Offload))];
        for (int flow = 0; flow < flows; flow++)
        {
            int port = 1000 + flow;
            PacketBuilder[] expected = [.. sent.Where((_, i) => i % flows == flow)];
            ShouldBe([.. split.Where(packet => PortOf(packet) == port)], expected);
        }
    }

    [Fact]
    public void Packets_that_were_joined_are_what_they_were_once_they_are_parted()
    {
        foreach ((IpFamily family, byte protocol) in _kinds)
        {
            PacketBuilder[] sent =
            [
                Segment(family, protocol, 0), Segment(family, protocol, 0).Ports(9, 80), Segment(family, protocol, 1),
                Segment(family, protocol, 1).Ports(9, 80), Segment(family, protocol, 2).Ports(1, 1),
                Segment(family, protocol, 2).Payload(Size - 1).TcpFlags(Ack | Psh),
            ];
            byte[][] packets = [.. sent.Select(static packet => packet.Build())];
            _rig.Join(packets).Count.ShouldBe(3);
            _rig.JoinAndPart(packets).Select(Convert.ToHexString).ShouldBe(packets.Select(Convert.ToHexString));
        }
    }

    private static PacketBuilder Segment(IpFamily family, byte protocol, int index) =>
        PacketBuilder.Between(B, A, family).Protocol(protocol).Ports(40_000, 80).Sequence((uint)(1 + (index * Size)))
            .Payload([.. PacketBuilder.Pattern(Size).Select(value => (byte)(value + index))]);

    private static int PortOf(byte[] packet)
    {
        int transport = packet[0] >> 4 == 4 ? 20 : 40;
        return (packet[transport] << 8) | packet[transport + 1];
    }

    private void ShouldPassUnjoined(params PacketBuilder[] packets)
    {
        byte[][] sent = [.. packets.Select(static packet => packet.Build())];
        IReadOnlyList<CoalescerRig.Written> written = _rig.Join(sent);
        written.Select(static packet => Convert.ToHexString(packet.Packet)).ShouldBe(sent.Select(Convert.ToHexString));
        written.ShouldAllBe(static packet => packet.Offload == default);
    }

    private void ShouldJoin(PacketBuilder[] sent, params int[] counts)
    {
        IReadOnlyList<CoalescerRig.Written> written = _rig.Join(sent.Select(static packet => packet.Build()));
        written.Select(static packet => packet.Count).ShouldBe(counts);
        written.ShouldAllBe(static packet => packet.Packet.Length <= 65_535);
        ShouldBe([.. written.SelectMany(static packet => PacketSplitter.Split(packet.Packet, packet.Offload))], sent);
    }

    private static void ShouldBe(IReadOnlyList<byte[]> received, PacketBuilder[] sent)
    {
        string[] expected = [.. sent.Select(static packet => Hex(packet.Build()))];
        received.Select(Hex).ShouldBe(expected);

        static string Hex(byte[] packet) => Convert.ToHexString(PacketSplitter.WithoutIdentification(packet));
    }
}
