using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Offload;
using Overlay.Dataplane.Packets;
using Overlay.Wire.Checksums;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Tests;

/// <summary>
/// The host behind a TUN, played by a test: it answers a TCP connection, and sends segments that are joined on the way.
/// </summary>
internal sealed class TunPeer(TunDevice tun, IpFamily family)
{
    public const ushort Port = 4000;

    private const byte Syn = 0x02;
    private const byte Psh = 0x08;
    private const byte Ack = 0x10;
    private const uint FirstSequence = 1000;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <summary>Makes another header of that of each super-packet, before it is written; null for none.</summary>
    public Func<VirtioNetHeader, VirtioNetHeader>? Change { get; set; }

    private readonly PacketBatch _batch = new(64);
    private ushort _port;
    private uint _sequence;

    /// <summary>The node's address on the TUN, and this host's.</summary>
    public static IpAddress AddressOf(IpFamily family, int host) =>
        IpAddress.Parse(family == IpFamily.IPv4 ? $"10.9.0.{host}" : $"fd00:9::{host}");

    /// <summary>The next packets of that protocol, as they were read, without those of the device's own.</summary>
    public IReadOnlyList<Packet> Read(byte protocol)
    {
        List<Packet> packets = [];
        while (packets.Count == 0)
        {
            SpinWait.SpinUntil(() => tun.TryRead(_batch), _patience).ShouldBeTrue();
            for (int i = 0; i < _batch.ReceivedCount; i++)
            {
                byte[] bytes = _batch.ReceivedBytes(i).ToArray();
                if (bytes[family == IpFamily.IPv4 ? 9 : 6] == protocol
                    && bytes[0] >> 4 == (family == IpFamily.IPv4 ? 4 : 6))
                    packets.Add(new Packet(bytes, _batch.Received(i).Offload, HeaderLength));
            }
        }

        return packets;
    }

    /// <summary>Answers the handshake of a connection to this host.</summary>
    public void Accept(ushort segmentSize)
    {
        TcpHeader.TryParse(Read(IpProtocol.Tcp)[0].Transport, out TcpHeader syn).ShouldBeTrue();
        _port = syn.SourcePort;
        _sequence = syn.SequenceNumber + 1;
        byte[] segment = [.. Tcp(FirstSequence, Syn | Ack, []), 2, 4, (byte)(segmentSize >> 8), (byte)segmentSize];
        segment[12] = 6 << 4;

        // A first packet that is sent again is answered again, as by every host.
        byte flags = Syn;
        while (flags == Syn)
        {
            Send([Build(IpProtocol.Tcp, segment)]);
            foreach (Packet packet in Read(IpProtocol.Tcp))
            {
                TcpHeader.TryParse(packet.Transport, out TcpHeader tcp).ShouldBeTrue();
                if (flags == Syn) flags = tcp.Flags;
            }
        }

        flags.ShouldBe(Ack);
    }

    /// <summary>
    /// Reads the connection's data until all of it is there; returns what was read as one packet each.
    /// </summary>
    public IReadOnlyList<Packet> ReadData(byte[] expected)
    {
        List<Packet> packets = [];
        byte[] data = new byte[expected.Length];
        HashSet<uint> seen = [];
        for (int missing = data.Length; missing > 0;)
        {
            foreach (Packet packet in Read(IpProtocol.Tcp))
            {
                TcpHeader.TryParse(packet.Transport, out TcpHeader tcp).ShouldBeTrue();

                // A machine under load lets the kernel send again what nobody has acknowledged.
                if (tcp.Payload.IsEmpty || !seen.Add(tcp.SequenceNumber)) continue;
                tcp.Payload.CopyTo(data.AsSpan((int)(tcp.SequenceNumber - _sequence)));
                missing -= tcp.Payload.Length;
                packets.Add(packet);
            }
        }

        data.SequenceEqual(expected).ShouldBeTrue("the data have changed");
        return packets;
    }

    /// <summary>
    /// Sends data over the connection in segments that go to the TUN joined; returns how many writes that takes.
    /// </summary>
    public int SendData(byte[] data, int segmentSize)
    {
        byte[][] parts = [.. data.Chunk(segmentSize)];
        return Send([.. parts.Select((part, i) => Build(
            IpProtocol.Tcp, Tcp((uint)(FirstSequence + 1 + (i * segmentSize)), i == parts.Length - 1
                ? (byte)(Ack | Psh)
                : Ack, part)))]);
    }

    /// <summary>
    /// Sends datagrams to a port of the node, joined as far as they can be; returns how many writes that takes.
    /// </summary>
    public int SendDatagrams(ushort port, IReadOnlyList<byte[]> datagrams) => Send([.. datagrams.Select(datagram =>
    {
        byte[] segment = [.. new byte[UdpHeader.HeaderLength], .. datagram];
        UdpHeader.Write(segment, Port, port, (ushort)segment.Length, 0);
        return Build(IpProtocol.Udp, segment);
    })]);

    /// <summary>Sends a super-packet that came in one piece, as a peer's kernel leaves it on a virtual link.</summary>
    public void SendWhole(ushort port, byte[] data, int size)
    {
        byte[] segment = [.. new byte[UdpHeader.HeaderLength], .. data];
        UdpHeader.Write(segment, Port, port, (ushort)segment.Length, 0);
        _batch.Clear();
        byte[] packet = Build(IpProtocol.Udp, segment);
        ref PacketSlot slot = ref _batch.Add(PacketBatch.StartOf(0), packet.Length);
        slot.Transport = (ushort)HeaderLength;
        slot.Protocol = IpProtocol.Udp;
        slot.Offload = OffloadInference.Super(
            VirtioNetHeader.GsoUdpL4, HeaderLength, UdpHeader.HeaderLength, size, UdpHeader.ChecksumOffset);
        packet.CopyTo(_batch.Packet(0));
        tun.Write(_batch);
        _batch[0].Verdict.ShouldBe(DropReason.None);
    }

    private int Send(IReadOnlyList<byte[]> packets)
    {
        _batch.Clear();
        foreach (byte[] packet in packets)
        {
            ref PacketSlot slot = ref _batch.Add(PacketBatch.StartOf(_batch.Count), packet.Length);
            slot.Transport = (ushort)HeaderLength;
            slot.Protocol = packet[family == IpFamily.IPv4 ? 9 : 6];
            packet.CopyTo(_batch.Packet(_batch.Count - 1));
        }

        new Coalescer().Coalesce(_batch, tun.TakesTcpSuperPackets, tun.TakesUdpSuperPackets);
        int writes = Enumerable.Range(0, _batch.Count).Count(i => !_batch[i].IsAppended);
        for (int i = 0; i < _batch.Count; i++)
        {
            ref PacketSlot slot = ref _batch[i];
            if (slot.Offload.IsSuperPacket && Change is not null) slot.Offload = Change(slot.Offload);
        }

        tun.Write(_batch);
        Enumerable.Range(0, _batch.Count)
            .Select(i => _batch[i].Verdict).ShouldAllBe(static verdict => verdict == DropReason.None);
        return writes;
    }

    private int HeaderLength => family == IpFamily.IPv4 ? Ipv4Header.MinLength : Ipv6Header.Length;

    private byte[] Tcp(uint sequence, byte flags, byte[] payload)
    {
        byte[] segment = [.. new byte[TcpHeader.MinLength], .. payload];
        TcpHeader.Write(segment, Port, _port, sequence, _sequence, flags, ushort.MaxValue, 0, 0);
        return segment;
    }

    private byte[] Build(byte protocol, byte[] segment)
    {
        byte[] packet = [.. new byte[HeaderLength], .. segment];
        (IpAddress source, IpAddress destination) = (AddressOf(family, 2), AddressOf(family, 1));
        if (family == IpFamily.IPv4)
            Ipv4Header.Write(packet, 0, (ushort)packet.Length, 1, Ipv4Header.DontFragment, 64, protocol,
                source.ToIpv4(), destination.ToIpv4());
        else
            Ipv6Header.Write(packet, 0, 0, (ushort)segment.Length, protocol, 64, source.ToIpv6(), destination.ToIpv6());
        int field = HeaderLength + (protocol == IpProtocol.Tcp ? TcpHeader.ChecksumOffset : UdpHeader.ChecksumOffset);
        ushort checksum = InternetChecksum.Finish(
            Packet.PseudoHeader(packet, HeaderLength, protocol) + InternetChecksum.Sum(segment));
        (packet[field], packet[field + 1]) = ((byte)(checksum >> 8), (byte)checksum);
        return packet;
    }

    /// <summary>One packet or super-packet as the kernel handed it over.</summary>
    internal sealed record Packet(byte[] Bytes, VirtioNetHeader Offload, int HeaderLength)
    {
        public ReadOnlySpan<byte> Transport => Bytes.AsSpan(HeaderLength);

        /// <summary>The checksum is right, once what is left to us is done.</summary>
        public bool IsSound(byte protocol)
        {
            byte[] whole = [.. Bytes];
            if (Offload.Flags != 0) ChecksumCompletion.TryComplete(whole, Offload).ShouldBeTrue();
            return InternetChecksum.Fold(PseudoHeader(
                whole, HeaderLength, protocol) + InternetChecksum.Sum(whole.AsSpan(HeaderLength))) == 0xffff;
        }

        public static uint PseudoHeader(ReadOnlySpan<byte> packet, int transport, byte protocol) => packet[0] >> 4 == 4
            ? InternetChecksum.PseudoHeader(
                Ipv4Address.Read(packet[12..]), Ipv4Address.Read(packet[16..]), protocol, packet.Length - transport)
            : InternetChecksum.PseudoHeader(
                Ipv6Address.Read(packet[8..]), Ipv6Address.Read(packet[24..]), protocol, packet.Length - transport);
    }
}
