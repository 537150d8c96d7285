using System.Buffers.Binary;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Testing;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>
/// Trains damaged at random: each datagram is judged as it would be by itself, and what is joined then is what was
/// accepted.
/// </summary>
public class TrainMutationTests
{
    private const int Iterations = 1500;
    private const int Overhead = 22;

    private readonly TrainRig _rig = new(capacity: 3);
    private readonly IngressRig _alone = new();
    private readonly Coalescer _coalescer = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_datagram_is_judged_by_itself(int seed)
    {
        Random random = new(seed);
        Tally tally = new();
        for (int i = 0; i < Iterations; i++)
        {
            TrainRig.Train[] trains = new TrainRig.Train[random.Next(1, 4)];
            for (int k = 0; k < trains.Length; k++) trains[k] = Train(random);
            Round.Check(() => $"seed {seed}, iteration {i}", () => Check(trains, tally));
        }

        tally.Accepted.ShouldBeGreaterThan(Iterations);
        tally.Dropped.ShouldBeGreaterThan(Iterations / 4);
        tally.Joined.ShouldBeGreaterThan(Iterations);
    }

    private void Check(TrainRig.Train[] trains, Tally tally)
    {
        _rig.Receive(trains);
        List<byte[]> expected = [];
        int slot = 0;
        foreach (TrainRig.Train train in trains)
        {
            foreach (byte[] datagram in Datagrams(train))
            {
                bool isSuper = datagram.Length > train.SegmentSize;
                DropReason verdict =
                    _alone.Decapsulate(datagram, train.Source, train.Ecn, isSuper ? train.SegmentSize : 0);
                int at = slot;
                Round.Check(
                    () => $"datagram {at}, of {train.Bytes.Length} by {train.SegmentSize}",
                    () => Check(at, datagram, verdict));
                if (verdict == DropReason.None)
                    expected.AddRange(Split(_alone.Packet.ToArray(), _alone.Slot.Offload));
                else tally.Dropped++;
                slot++;
            }
        }

        slot.ShouldBe(_rig.Batch.Count);
        tally.Accepted += expected.Count;
        _coalescer.Coalesce(_rig.Batch, joinsTcp: true, joinsUdp: true);
        List<byte[]> delivered = [];
        for (int i = 0; i < slot; i++)
        {
            if (_rig.Batch[i].IsAppended) tally.Joined++;
            else if (_rig.Batch[i].Verdict == DropReason.None)
                delivered.AddRange(Split(_rig.Batch.JoinedPacket(i), _rig.Batch[i].Offload));
        }

        delivered.Sort(PacketBytes.Order);
        expected.Sort(PacketBytes.Order);
        delivered.ShouldBePackets(expected);
    }

    private void Check(int slot, byte[] datagram, DropReason verdict)
    {
        slot.ShouldBeLessThan(_rig.Batch.Count);
        PacketSlot seen = _rig.Batch[slot];
        seen.Verdict.ShouldBe(verdict);
        if (verdict != DropReason.None) return;
        PacketSlot expected = _alone.Slot;
        _rig.Batch.Packet(slot).SequenceEqual(_alone.Packet).ShouldBeTrue();
        seen.Offload.ShouldBe(expected.Offload);
        (seen.Transport, seen.Protocol)
            .ShouldBe((expected.Transport, expected.Transport == 0 ? seen.Protocol : expected.Protocol));
        seen.Length.ShouldBeLessThanOrEqualTo(datagram.Length - Overhead);
    }

    private static IEnumerable<byte[]> Split(byte[] packet, VirtioNetHeader offload) =>
        PacketSplitter.Split(packet, offload).Select(PacketSplitter.WithoutIdentification);

    // The only train that is not one: an inner packet that fills all of it.
    private static IEnumerable<byte[]> Datagrams(TrainRig.Train train)
    {
        ReadOnlySpan<byte> bytes = train.Bytes;
        if (bytes.IsEmpty || train.SegmentSize == 0 || train.SegmentSize >= bytes.Length) return [train.Bytes];
        if (bytes.Length > Overhead + 20 && bytes[Overhead] is >= 0x45 and <= 0x4f
            && BinaryPrimitives.ReadUInt16BigEndian(bytes[(Overhead + 2)..]) == bytes.Length - Overhead
            && bytes.Length - Overhead >= (bytes[Overhead] & 15) * 4) return [train.Bytes];
        if (bytes.Length >= Overhead + 40 && bytes[Overhead] >> 4 == 6
            && BinaryPrimitives.ReadUInt16BigEndian(bytes[(Overhead + 4)..]) == bytes.Length - Overhead - 40)
            return [train.Bytes];
        return train.Bytes.Chunk(train.SegmentSize);
    }

    private static TrainRig.Train Train(Random random)
    {
        IpFamily family = random.Next(2) == 0 ? IpFamily.IPv4 : IpFamily.IPv6;
        bool isTcp = random.Next(3) != 0;
        PacketBuilder packet = PacketBuilder.Between(B, A, family)
            .Protocol(isTcp ? IpProtocol.Tcp : IpProtocol.Udp).Ecn(Ecn.Ect0);
        IpAddress source = random.Next(30) == 0 ? IpAddress.Parse("192.168.77.9") : B.Remote.Address;
        Ecn ecn = random.Next(30) == 0 ? Ecn.Ce : Ecn.NotEct;
        if (random.Next(8) == 0) return UdpSuperPacket(packet.Protocol(IpProtocol.Udp), random, source);

        int size = random.Next(1, 1300);
        int count = random.Next(1, 12);
        List<byte> bytes = [];
        for (int i = 0; i < count; i++)
        {
            int payload = i == count - 1 && random.Next(3) == 0 ? random.Next(size + 1) : size;
            byte[] datagram = DatagramBuilder.Between(B, A, packet.Sequence((uint)(i * size)).Payload(payload).Build())
                .Build();
            if (random.Next(6) == 0) Damage(datagram, random);
            bytes.AddRange(datagram);
        }

        int segmentSize = Overhead + packet.HeaderLength + size;
        if (random.Next(20) == 0) segmentSize = random.Next(20, 1500);
        if (random.Next(20) == 0) bytes = bytes[..random.Next(1, bytes.Count)];
        return new TrainRig.Train([.. bytes], segmentSize, source, ecn);
    }

    private static TrainRig.Train UdpSuperPacket(PacketBuilder udp, Random random, IpAddress source)
    {
        int size = random.Next(1, 1400);
        byte[] inner = udp.Payload(size + random.Next(1, 5 * size)).Checksum(ChecksumState.Partial).Build();
        byte[] datagram = DatagramBuilder.Between(B, A, inner).Build();
        if (random.Next(3) == 0) Damage(datagram, random);
        return new TrainRig.Train(datagram, size, source);
    }

    private static void Damage(byte[] datagram, Random random)
    {
        int headers = Math.Min(datagram.Length, 90);
        for (int count = random.Next(1, 4); count > 0; count--)
            datagram[random.Next(random.Next(3) == 0 ? datagram.Length : headers)] ^= (byte)(1 << random.Next(8));
        if (random.Next(2) == 0 || datagram.Length < Overhead + 20 || datagram[Overhead] >> 4 != 4) return;

        // Made good again, it gets to the checks behind the header's checksum.
        Span<byte> header = datagram.AsSpan(Overhead);
        int length = Math.Clamp((header[0] & 15) * 4, 20, header.Length);
        header.Slice(10, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], (ushort)~ReferenceChecksum.Sum(header[..length]));
    }

    /// <summary>Counts over all rounds, which show that the damage is neither too tame nor too wild.</summary>
    private sealed class Tally
    {
        public int Accepted { get; set; }

        public int Dropped { get; set; }

        public int Joined { get; set; }
    }
}
