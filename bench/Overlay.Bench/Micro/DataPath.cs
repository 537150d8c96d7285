using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Ingress;
using Overlay.Dataplane.Packets;
using Overlay.Wire;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Bench.Micro;

/// <summary>What the workers do to a batch between their two devices, and both data planes joined in memory.</summary>
public class DataPath
{
    private const int Batch = 64;
    private const int Payload = 1_388;
    private const int Segments = 44;
    private const int TcpHeaders = Ipv4Header.MinLength + 32;
    private const int PodMtu = 1_450;

    private static readonly MacAddress _macA = MacAddress.Parse("02:00:00:00:00:01");
    private static readonly MacAddress _macB = MacAddress.Parse("02:00:00:00:00:02");
    private static readonly IpAddress _addressA = IpAddress.Parse("192.0.2.1");

    private readonly PacketBatch _packets = new(Batch);
    private readonly PacketBatch _superPacket = new(1);
    private readonly PacketBatch _datagrams = new(Batch);
    private readonly PacketBatch _train = new(2);
    private readonly Coalescer _coalescer = new();
    private readonly ForwardingTable _tableA =
        Table(_macA, "10.244.1.0/24", new RemoteVtep("b", IpAddress.Parse("192.0.2.2"), _macB), "10.244.2.0/24");
    private readonly ForwardingTable _tableB =
        Table(_macB, "10.244.2.0/24", new RemoteVtep("a", _addressA, _macA), "10.244.1.0/24");
    private MemoryNodes _nodes = null!;
    private MemoryNodes _captured = null!;
    private readonly byte[] _leadingHeaders = new byte[VxlanOverhead.InPayload + TcpHeaders];

    [GlobalSetup]
    public void SetUp()
    {
        byte[] packet = SamplePackets.Ipv4Udp(Payload);
        byte[] datagram = SamplePackets.Vxlan(Payload);
        for (int i = 0; i < Batch; i++)
        {
            Fill(_packets, packet);
            Fill(_datagrams, datagram).OuterSource = _addressA;
        }

        byte[] super = TcpSuperPacket();
        VirtioNetHeader offload = new(
            VirtioNetHeader.NeedsChecksum, VirtioNetHeader.GsoTcpv4, TcpHeaders, Payload, Ipv4Header.MinLength,
            TcpHeader.ChecksumOffset);
        Fill(_superPacket, super).Offload = offload;
        _ = Encapsulator.Encapsulate(_superPacket, _tableA);
        MemoryLink.Carry(_superPacket, _train, _addressA);
        _train.ReceivedBytes(0)[.._leadingHeaders.Length].CopyTo(_leadingHeaders);
        _ = Coalesce();
        Require(_train.Count == Segments && _train[0].Next == 1, "the segments are joined");
        _nodes = new MemoryNodes(_tableA, _tableB, _addressA, super, offload);
        _captured = new MemoryNodes(_tableA, _tableB, _addressA, super, offload, isCaptured: true);
        Require(TwoDataPlanes() == Segments, "the segments arrive");
    }

    /// <summary>A UDP packet of the pods' MTU, its checksum whole.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int EncapsulatePackets()
    {
        _ = Encapsulator.Encapsulate(_packets, _tableA);
        return _packets.Count;
    }

    /// <summary>The same on its way in.</summary>
    [Benchmark(OperationsPerInvoke = Batch)]
    public int DecapsulatePackets()
    {
        Decapsulator.Decapsulate(_datagrams, _tableB);
        return _datagrams.Count;
    }

    /// <summary>A TCP super-packet of 61 KB into 44 segments with their checksums.</summary>
    [Benchmark]
    public int Segment()
    {
        _ = Encapsulator.Encapsulate(_superPacket, _tableA);
        return _superPacket.Count;
    }

    /// <summary>Those 44 segments, received as one train, decapsulated and joined again, checksums verified.</summary>
    [Benchmark]
    public int Coalesce()
    {
        // Joining has changed the first one's headers.
        _leadingHeaders.CopyTo(_train.ReceivedBytes(0));
        Decapsulator.Decapsulate(_train, _tableB);
        _coalescer.Coalesce(_train, joinsTcp: true, joinsUdp: true);
        return _train.Count;
    }

    /// <summary>
    /// From one node's TUN to the other's by both nodes' workers, and between them a copy as a network makes one.
    /// </summary>
    [Benchmark]
    public int TwoDataPlanes() => _nodes.Carry();

    /// <summary>The same while somebody captures on both nodes.</summary>
    [Benchmark]
    public int TwoDataPlanesCaptured() => _captured.Carry();

    private static ForwardingTable Table(MacAddress own, string local, RemoteVtep peer, string remote) =>
        new ForwardingTableBuilder().AddLocal(IpPrefix.Parse(local)).AddRoute(IpPrefix.Parse(remote), peer).Build()
            .With(new LocalEndpoint(new Vtep(new Vni(1), own, 8472), 0, PodMtu));

    private static ref ReceivedBuffer Fill(PacketBatch batch, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(batch.Memory.AsSpan(PacketBatch.StartOf(batch.ReceivedCount)));
        ref ReceivedBuffer received = ref batch.AddReceived();
        received.Length = bytes.Length;
        return ref received;
    }

    private static byte[] TcpSuperPacket()
    {
        byte[] packet = new byte[TcpHeaders + (Segments * Payload)];
        new Random(9293).NextBytes(packet.AsSpan(TcpHeaders));
        Ipv4Header.Write(
            packet, 0, (ushort)packet.Length, 1, Ipv4Header.DontFragment, 63, IpProtocol.Tcp,
            IpAddress.Parse("10.244.1.10").ToIpv4(), IpAddress.Parse("10.244.2.20").ToIpv4());
        Span<byte> segment = packet.AsSpan(Ipv4Header.MinLength);
        TcpHeader.Write(segment, 40_000, 5_001, 1, 1, flags: 0x10, 500, 0, 0);
        segment[12] = (TcpHeaders - Ipv4Header.MinLength) / 4 << 4;
        BinaryPrimitives.WriteUInt32BigEndian(segment[TcpHeader.MinLength..], 0x0101_080a);
        return packet;
    }

    private static void Require(bool holds, string what)
    {
        if (!holds) throw new InvalidOperationException($"the benchmark is broken: not so that {what}");
    }
}
