using System.Buffers.Binary;
using System.Net;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;
using static Overlay.Dataplane.Tests.TestNode;

namespace Overlay.Dataplane.Tests;

/// <summary>Valid datagrams, damaged at random: nothing throws, and what is accepted is what may be.</summary>
public class DecapsulatorMutationTests
{
    private const int Iterations = 25_000;
    private const byte Canary = 0xa5;
    private const int CanaryLength = 64;

    private static readonly byte[][] _valid =
        [.. Packets().Select(static packet => DatagramBuilder.Between(B, A, packet).Build())];

    private static readonly IpAddress[] _sources =
        [B.Remote.Address, B.Remote.Address, B.Remote.Address, B.RemoteV6.Address, C.Remote.Address, IpAddress.Parse(
            "192.168.77.9")];

    // All that a decapsulator may answer; the others are the encapsulator's and the devices'.
    private static readonly HashSet<DropReason> _verdicts =
    [
        DropReason.None, DropReason.PktTooSmall, DropReason.UnhandledProto, DropReason.IpInHdr, DropReason.IpCsum,
        DropReason.TcpCsum, DropReason.UnknownVtep, DropReason.VxlanInvalidHdr, DropReason.VxlanVniNotFound,
        DropReason.MacInvalidSource, DropReason.LocalMac, DropReason.OtherHost, DropReason.SourceNotAllowed,
        DropReason.IpInAddrErrors, DropReason.IpTunnelEcn,
    ];

    private readonly IngressRig _rig = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Whatever_is_accepted_may_be(int seed)
    {
        Random random = new(seed);
        Dictionary<DropReason, int> seen = [];
        for (int i = 0; i < Iterations; i++)
        {
            byte[] datagram = Mutate(random);
            IpAddress source = _sources[random.Next(_sources.Length)];
            Ecn ecn = (Ecn)random.Next(4);
            string head = Convert.ToHexStringLower(datagram.AsSpan(0, Math.Min(datagram.Length, 128)));
            string what = $"seed {seed}, iteration {i}, from {source}, outer ECN {ecn}: {head}";
            _rig.Buffer.Slice(PacketBatch.Headroom + datagram.Length, CanaryLength).Fill(Canary);

            DropReason verdict = Should.NotThrow(() => _rig.Decapsulate(datagram, source, ecn), what);

            seen[verdict] = seen.GetValueOrDefault(verdict) + 1;
            _rig.Buffer.Slice(PacketBatch.Headroom + datagram.Length, CanaryLength)
                .IndexOfAnyExcept(Canary).ShouldBe(-1, what);
            if (verdict == DropReason.None) CheckAccepted(datagram, source, what);
        }

        // Else the mutations would prove little: each check must have been met, and survived. A MAC's 48 bits are hit
        // least.
        seen.Keys.ShouldBeSubsetOf(_verdicts);
        _verdicts.Except(seen.Keys).Except([DropReason.LocalMac]).ShouldBeEmpty();
        seen[DropReason.None].ShouldBeGreaterThan(Iterations / 20);
    }

    private static IEnumerable<byte[]> Packets()
    {
        foreach (IpFamily family in Enum.GetValues<IpFamily>())
        {
            PacketBuilder udp = PacketBuilder.Between(B, A, family).Ecn(Ecn.Ect0);
            PacketBuilder tcp = udp.Protocol(IpProtocol.Tcp);
            yield return udp.Build();
            yield return udp.Checksum(ChecksumState.Partial).Build();
            yield return udp.Protocol(IpProtocol.Icmp).Payload(0).Build();
            yield return udp.Fragment(1480, more: false).Build();
            yield return tcp.Checksum(ChecksumState.Partial).Build();
            yield return tcp.TotalLength(IngressRig.Mtu + 1).Build();
            yield return tcp.TotalLength(4000).Checksum(ChecksumState.Partial).Build();
            yield return (family == IpFamily.IPv4
                ? tcp.Options(3)
                : tcp.Extensions(IpProtocol.HopByHop, IpProtocol.DestinationOptions)).Build();
        }
    }

    private static byte[] Mutate(Random random)
    {
        byte[] datagram = Pick(random);
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            datagram = random.Next(8) switch
            {
                0 => datagram[..random.Next(datagram.Length + 1)],
                1 => [.. datagram[..random.Next(datagram.Length + 1)], .. Tail(Pick(random), random)],
                2 => [.. datagram, .. new byte[random.Next(64)]],
                3 => WithWord(datagram, random),
                _ => WithBit(datagram, random),
            };
        }

        // Most damage hits a header's checksum first; made good again, it gets to the checks behind.
        if (random.Next(2) == 0) MendIpv4Checksum(datagram);
        return datagram;
    }

    private static byte[] Pick(Random random) => [.. _valid[random.Next(_valid.Length)]];

    private static byte[] Tail(byte[] bytes, Random random) => bytes[random.Next(bytes.Length + 1)..];

    private static byte[] WithBit(byte[] datagram, Random random)
    {
        if (datagram.Length > 0) datagram[Position(datagram, random)] ^= (byte)(1 << random.Next(8));
        return datagram;
    }

    private static byte[] WithWord(byte[] datagram, Random random)
    {
        if (datagram.Length < 2) return datagram;
        ushort[] words = [0, 1, 0x7fff, 0x8000, 0xffff, (ushort)random.Next(0x1_0000)];
        BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(
            Math.Min(Position(datagram, random), datagram.Length - 2)), words[random.Next(words.Length)]);
        return datagram;
    }

    // The headers decide; a payload of thousands of bytes would take nearly all the damage.
    private static int Position(byte[] datagram, Random random) =>
        random.Next(random.Next(8) == 0 ? datagram.Length : Math.Min(datagram.Length, 90));

    private static void MendIpv4Checksum(byte[] datagram)
    {
        Span<byte> packet = datagram.AsSpan(Math.Min(22, datagram.Length));
        if (packet.Length < 20 || (packet[0] & 15) < 5 || packet.Length < (packet[0] & 15) * 4) return;
        packet.Slice(10, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(
            packet[10..], (ushort)~ReferenceChecksum.Sum(packet[..((packet[0] & 15) * 4)]));
    }

    private void CheckAccepted(byte[] datagram, IpAddress source, string what)
    {
        Convert.ToHexStringLower(datagram.AsSpan(0, 14)).ShouldBe("08000000" + "0a0b0c00" + "021122334401", what);
        PacketSlot slot = _rig.Slot;
        slot.Offset.ShouldBe(PacketBatch.Headroom + 22, what);
        slot.Length.ShouldBeInRange(1, datagram.Length - 22, what);

        ReadOnlySpan<byte> packet = _rig.Packet;
        bool isIpv4 = datagram[20] == 0x08;
        int addresses = isIpv4 ? 12 : 8;
        int size = isIpv4 ? 4 : 16;
        if (isIpv4)
        {
            int header = (packet[0] & 15) * 4;
            (packet[0] >> 4).ShouldBe(4, what);
            header.ShouldBeInRange(20, slot.Length, what);
            BinaryPrimitives.ReadUInt16BigEndian(packet[2..]).ShouldBe((ushort)slot.Length, what);
            ReferenceChecksum.Sum(packet[..header]).ShouldBe((ushort)0xffff, what);
        }
        else
        {
            (packet[0] >> 4).ShouldBe(6, what);
            (40 + BinaryPrimitives.ReadUInt16BigEndian(packet[4..])).ShouldBe(slot.Length, what);
        }

        TestNode[] senders =
            [.. new[] { B, C }.Where(node => node.Remote.Address == source || node.RemoteV6.Address == source)];
        senders.ShouldHaveSingleItem(what);
        ShouldLieIn(senders[0], packet.Slice(addresses, size), what);
        ShouldLieIn(A, packet.Slice(addresses + size, size), what);
        CheckOffload(slot, packet, isIpv4, what);
    }

    private static void ShouldLieIn(TestNode node, ReadOnlySpan<byte> address, string what)
    {
        IpPrefix prefix = address.Length == 4 ? node.PodsV4 : node.PodsV6;
        IPNetwork.Parse(prefix.ToString()).Contains(new IPAddress(address)).ShouldBeTrue(what);
    }

    // What the kernel would refuse, or read beyond the packet for.
    private static void CheckOffload(PacketSlot slot, ReadOnlySpan<byte> packet, bool isIpv4, string what)
    {
        VirtioNetHeader offload = slot.Offload;
        if (offload == default) return;
        offload.Flags.ShouldBe(VirtioNetHeader.NeedsChecksum, what);
        offload.ChecksumStart.ShouldBeGreaterThanOrEqualTo((ushort)(isIpv4 ? 20 : 40), what);
        (offload.ChecksumStart + offload.ChecksumOffset + 2).ShouldBeLessThanOrEqualTo(slot.Length, what);
        if (offload.GsoType == VirtioNetHeader.GsoNone)
        {
            (offload.HeaderLength + offload.GsoSize).ShouldBe(0, what);
            return;
        }

        bool hasCwr = (packet[offload.ChecksumStart + 13] & 0x80) != 0;
        int type =
            (isIpv4 ? VirtioNetHeader.GsoTcpv4 : VirtioNetHeader.GsoTcpv6) | (hasCwr ? VirtioNetHeader.GsoEcn : 0);
        ((int)offload.GsoType).ShouldBe(type, what);
        slot.Length.ShouldBeGreaterThan(IngressRig.Mtu, what);
        offload.GsoSize.ShouldBeGreaterThan((ushort)0, what);
        (offload.HeaderLength + offload.GsoSize).ShouldBe(IngressRig.Mtu, what);
    }
}
