using System.Buffers.Binary;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

public class DecapsulatorTrainTests
{
    private const int Size = 900;
    private const int Overhead = 22;

    private readonly TrainRig _rig = new();

    /// <summary>One datagram of a train, spoiled without changing its size, and what it is then dropped for.</summary>
    private static readonly Dictionary<DropReason, Action<byte[]>> _damages = new()
    {
        [DropReason.VxlanInvalidHdr] = datagram => datagram[0] = 0,
        [DropReason.VxlanVniNotFound] = datagram => datagram[4] ^= 1,
        [DropReason.OtherHost] = datagram => datagram[13] ^= 0x10,
        [DropReason.LocalMac] = datagram => datagram[19] = 0x01,
        [DropReason.UnhandledProto] = datagram => datagram[21] = 0x06,
        [DropReason.IpCsum] = datagram => datagram[Overhead + 10] ^= 1,
        [DropReason.IpInHdr] = datagram => BinaryPrimitives.WriteUInt16BigEndian(
            datagram.AsSpan(Overhead + 2), (ushort)(datagram.Length - Overhead + 1)),
    };

    public static TheoryData<DropReason> Damages => [.. _damages.Keys];

    [Theory]
    [InlineData(IpFamily.IPv4, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Tcp)]
    [InlineData(IpFamily.IPv4, IpProtocol.Udp)]
    [InlineData(IpFamily.IPv6, IpProtocol.Udp)]
    public void A_train_is_cut_into_its_datagrams(IpFamily family, byte protocol)
    {
        foreach (int count in new[] { 1, 2, 3, 64 })
        {
            foreach (int last in new[] { Size, Size - 1, 70 })
            {
                byte[][] inner = [.. Enumerable.Range(0, count)
                    .Select(i => Inner(family, protocol, i, i == count - 1 ? last : Size))];
                _rig.ReceiveTrain([.. inner.Select(Datagram)]);

                _rig.Batch.Count.ShouldBe(count);
                for (int i = 0; i < count; i++)
                {
                    _rig.Batch[i].Verdict.ShouldBe(DropReason.None);
                    _rig.Batch.Packet(i)
                        .SequenceEqual(inner[i]).ShouldBeTrue($"datagram {i} of {count}, the last of {last} bytes");
                    _rig.Batch[i].Offload.ShouldBe(default);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_bad_one_among_good_ones_is_dropped_alone(DropReason reason)
    {
        const int Count = 5;
        for (int bad = 0; bad < Count; bad++)
        {
            byte[][] inner = [.. Enumerable.Range(0, Count).Select(i => Inner(IpFamily.IPv4, IpProtocol.Tcp, i, Size))];
            byte[][] datagrams = [.. inner.Select(Datagram)];
            _damages[reason](datagrams[bad]);

            _rig.ReceiveTrain(datagrams);

            _rig.Verdicts.ShouldBe(
                Enumerable.Range(0, Count).Select(i => i == bad ? reason : DropReason.None), $"datagram {bad} is bad");
            for (int i = 0; i < Count; i++)
            {
                if (i != bad)
                    _rig.Batch.Packet(i).SequenceEqual(inner[i]).ShouldBeTrue($"datagram {i}, while {bad} is bad");
            }
        }
    }

    /// <summary>A length that reaches into the next datagrams: they are not the first one's to take.</summary>
    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void A_first_one_that_claims_bytes_of_those_behind_it_is_dropped_alone(IpFamily family)
    {
        foreach (int claim in new[] { Size + 1, Size + Overhead, Size + Overhead + 1, (2 * Size) + Overhead,
            (2 * Size) + (2 * Overhead) - 1 })
        {
            byte[] liar = Inner(family, IpProtocol.Udp, 0, Size);
            Claim(liar, claim);
            byte[] honest = Inner(family, IpProtocol.Tcp, 1, Size);
            _rig.ReceiveTrain(Datagram(liar), Datagram(honest), Datagram(honest));
            _rig.Verdicts.ShouldBe(
                [DropReason.IpInHdr, DropReason.None, DropReason.None], $"{claim} bytes are claimed");
        }
    }

    [Fact]
    public void All_of_a_strangers_train_is_counted()
    {
        byte[] datagram = Datagram(Inner(IpFamily.IPv4, IpProtocol.Tcp, 0, Size));
        _rig.Receive(new TrainRig.Train(
            [.. datagram, .. datagram, .. datagram], datagram.Length, IpAddress.Parse("192.168.77.9")));
        _rig.Verdicts.ShouldBe([DropReason.UnknownVtep, DropReason.UnknownVtep, DropReason.UnknownVtep]);
    }

    [Fact]
    public void The_outer_ecn_field_is_every_datagrams()
    {
        byte[] marked = Datagram(PacketBuilder.Between(B, A, IpFamily.IPv4).Ecn(Ecn.Ect0).TotalLength(Size).Build());
        byte[] unmarked = Datagram(PacketBuilder.Between(B, A, IpFamily.IPv4).TotalLength(Size).Build());
        _rig.Receive(new TrainRig.Train([.. marked, .. unmarked, .. marked], marked.Length, Ecn: Ecn.Ce));
        _rig.Verdicts.ShouldBe([DropReason.None, DropReason.IpTunnelEcn, DropReason.None]);
        (_rig.Batch.Packet(0)[1] & 3).ShouldBe((int)Ecn.Ce);
        (_rig.Batch.Packet(2)[1] & 3).ShouldBe((int)Ecn.Ce);
    }

    [Fact]
    public void Empty_datagrams_and_ends_in_the_middle_of_a_header_are_counted()
    {
        _rig.Receive(new TrainRig.Train([], 0), new TrainRig.Train(new byte[21], 7), new TrainRig.Train([], 7));
        _rig.Verdicts.ShouldBe(Enumerable.Repeat(DropReason.PktTooSmall, 5));
    }

    /// <summary>
    /// A kernel VXLAN peer on a virtual link sends a pod's UDP super-packet as one datagram, and the kernel tells the
    /// pod's segment size.
    /// </summary>
    [Theory]
    [InlineData(IpFamily.IPv4, 1400, 20, 0)]
    [InlineData(IpFamily.IPv6, 1400, 20, 0)]
    [InlineData(IpFamily.IPv4, 1200, 3, 7)]
    [InlineData(IpFamily.IPv4, 500, 2, 0)]
    [InlineData(IpFamily.IPv6, 100, 3, 99)]
    [InlineData(IpFamily.IPv4, 1, 64, 0)]
    public void A_udp_super_packet_in_one_datagram_stays_one(IpFamily family, int segmentSize, int count, int last)
    {
        PacketBuilder udp = PacketBuilder.Between(B, A, family)
            .Payload((segmentSize * count) + last).Checksum(ChecksumState.Partial);
        byte[] datagram = Datagram(udp.Build());
        _rig.Receive(new TrainRig.Train(datagram, segmentSize));

        _rig.Verdicts.ShouldBe([DropReason.None]);
        _rig.Batch.Packet(0).SequenceEqual(udp.Build()).ShouldBeTrue();
        _rig.Batch[0].Offload.ShouldBe(udp.SegmentationOffload(segmentSize));
    }

    /// <summary>
    /// Nobody sends so many: 64 is what a kernel joins. What is beyond a batch's slots is counted, and a buffer never
    /// goes without one.
    /// </summary>
    [Fact]
    public void More_datagrams_than_slots_are_dropped_as_a_full_ring()
    {
        TrainRig rig = new(capacity: 2);
        byte[] longest = new byte[65_507];
        byte[] good = Datagram(Inner(IpFamily.IPv4, IpProtocol.Tcp, 0, Size));
        for (int round = 0; round < 2; round++)
        {
            Should.NotThrow(() => rig.Receive(new TrainRig.Train(longest, 1), new TrainRig.Train(good, 0)));
            rig.Batch.Count.ShouldBe(rig.Batch.SlotCapacity);
            DropReason[] verdicts = rig.Verdicts;
            verdicts[..^2].ShouldAllBe(static verdict => verdict == DropReason.PktTooSmall);
            verdicts[^2..].ShouldBe([DropReason.FullRing, DropReason.None]);
            rig.Batch.Packet(rig.Batch.Count - 1).SequenceEqual(good.AsSpan(Overhead)).ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void A_trains_udp_datagrams_are_joined_to_no_more_than_old_kernels_take(IpFamily family)
    {
        byte[][] inner = [.. Enumerable.Range(0, 100).Select(i => Inner(family, IpProtocol.Udp, i, 300))];
        byte[][] datagrams = [.. inner.Select(Datagram)];
        _rig.Receive(new TrainRig.Train([.. datagrams[..50].SelectMany(static d => d)], 322), new TrainRig.Train(
            [.. datagrams[50..].SelectMany(static d => d)], 322));
        new Coalescer().Coalesce(_rig.Batch, joinsTcp: true, joinsUdp: true);

        int[] heads = [.. Enumerable.Range(0, _rig.Batch.Count).Where(i => !_rig.Batch[i].IsAppended)];
        heads.ShouldBe([0, 64]);
        heads.SelectMany(i => PacketSplitter.Split(_rig.Batch.JoinedPacket(i), _rig.Batch[i].Offload))
            .Select(static packet => Convert.ToHexString(PacketSplitter.WithoutIdentification(packet)))
            .ShouldBe(inner.Select(static packet => Convert.ToHexString(PacketSplitter.WithoutIdentification(packet))));
    }

    /// <summary>Pods of a peer, and of this node, may have a larger MTU than this node's daemon gives.</summary>
    [Theory]
    [InlineData(IpFamily.IPv4)]
    [InlineData(IpFamily.IPv6)]
    public void A_train_of_segments_above_the_pods_mtu_is_joined_at_its_own_size(IpFamily family)
    {
        const int Length = PodMtu + 20;
        int payload = Length - PacketBuilder.Between(B, A, family).Protocol(IpProtocol.Tcp).TotalLength(Length).HeaderLength;
        byte[][] inner = [.. Enumerable.Range(0, 10).Select(i => PacketBuilder.Between(B, A, family)
            .Protocol(IpProtocol.Tcp).Sequence((uint)(i * payload)).TotalLength(Length).Build())];
        _rig.ReceiveTrain([.. inner.Select(Datagram)]);
        _rig.Verdicts.ShouldAllBe(static verdict => verdict == DropReason.None);
        new Coalescer().Coalesce(_rig.Batch, joinsTcp: true, joinsUdp: true);
        (_rig.Batch[0].Offload.IsSuperPacket, _rig.Batch[0].Offload.GsoSize).ShouldBe((true, (ushort)payload));
        for (int i = 1; i < inner.Length; i++) _rig.Batch[i].IsAppended.ShouldBeTrue($"segment {i}");

        // A datagram by itself may be a super-packet of a virtual link: its segments have to fit.
        _rig.ReceiveTrain(Datagram(inner[0]));
        ((int)_rig.Batch[0].Offload.GsoSize).ShouldBe(payload - 20);
    }

    private static byte[] Inner(IpFamily family, byte protocol, int index, int length) =>
        PacketBuilder.Between(B, A, family).Protocol(protocol)
            .Identification((ushort)index).Sequence((uint)(index * 1000)).TotalLength(length).Build();

    private static byte[] Datagram(byte[] inner) => DatagramBuilder.Between(B, A, inner).Build();

    private static void Claim(byte[] packet, int length)
    {
        bool isIpv4 = packet[0] >> 4 == 4;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(isIpv4 ? 2 : 4), (ushort)(length - (isIpv4 ? 0 : 40)));
        if (!isIpv4) return;
        packet.AsSpan(10, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), (ushort)~ReferenceChecksum.Sum(packet.AsSpan(0, 20)));
    }
}
