using System.Buffers;
using System.IO.Pipelines;
using Overlay.Daemon.Captures;
using Overlay.Daemon.Networks;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Egress;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Packets;
using Overlay.Dataplane.Ports;
using Overlay.Dataplane.Taps;
using Overlay.Testing;
using Overlay.Wire.Captures;
using Overlay.Wire.Headers;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>A capture in the daemon: one at a time, its ends, and a client that is slow or gone.</summary>
public sealed class CaptureTests
{
    private static readonly RemoteVtep _peer =
        new("b", IpAddress.Parse("192.0.2.2"), MacAddress.Parse("02:00:00:00:00:02"));

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly NetworkCounters _counters = new(2);
    private readonly TablePublisher _publisher = new();
    private readonly PacketBatch _batch = new(4);
    private readonly Devices _devices = new();
    private readonly CaptureGate _gate;

    public CaptureTests()
    {
        _publisher.Publish(
            new ForwardingTableBuilder().AddRoute(IpPrefix.Parse("10.244.2.0/24"), _peer).Build()
                .With(new LocalEndpoint(new Vtep(new Vni(1), MacAddress.Parse("02:00:00:00:00:01"), 8472), 0, 1450)),
            TableChange.None);
        _gate = new CaptureGate(_counters, _publisher, TimeProvider.System);
    }

    [Fact]
    public void One_capture_runs_at_a_time_and_the_workers_are_left_alone_before_and_after()
    {
        _gate.Status.ShouldBeNull();
        using (CaptureSession session = _gate.TryBegin(Request()).ShouldNotBeNull())
        {
            _counters[0].Tap.Ring.ShouldNotBeNull();
            _counters[1].Tap.Ring.ShouldNotBeNull();
            _gate.TryBegin(Request()).ShouldBeNull();
            _gate.Status.ShouldBe("runs for 0 s: 0 packets, 0 missed");
        }

        _counters[0].Tap.Ring.ShouldBeNull();
        _counters[1].Tap.Ring.ShouldBeNull();
        _gate.Status.ShouldBeNull();
        _gate.TryBegin(Request())!.Dispose();
    }

    [Fact]
    public async Task The_count_ends_it_and_packets_of_all_queues_come_in_the_order_of_their_time()
    {
        Pipe pipe = new();
        using CaptureSession session = _gate.TryBegin(Request(count: 5))!;
        for (int i = 0; i < 8; i++)
        {
            GoOut(queue: i % 2);
            Thread.Sleep(1);
        }

        (await WriteAsync(session, pipe.Writer)).ShouldBeTrue();
        (List<(DateTime Time, string Comment)> packets, long missed) = await ReadAsync(pipe);
        packets.Count.ShouldBe(5);
        packets.ShouldBe(packets.OrderBy(static packet => packet.Time));
        packets.ShouldAllBe(static packet => packet.Comment == "forwarded to node b");
        missed.ShouldBe(0);
    }

    [Fact]
    public async Task Its_time_ends_it()
    {
        Pipe pipe = new();
        using CaptureSession session = _gate.TryBegin(Request(seconds: 1))!;
        GoOut(queue: 0);
        (await WriteAsync(session, pipe.Writer)).ShouldBeTrue();
        (await ReadAsync(pipe)).Packets.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_client_that_does_not_read_misses_packets_and_is_told_how_many()
    {
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 4096, resumeWriterThreshold: 2048));
        CaptureSession session = _gate.TryBegin(Request(snap: TapRing.MostSnap, count: 1000))!;
        Task<bool> writing = WriteAsync(session, pipe.Writer);
        const int Sent = 500;
        for (int i = 0; i < Sent; i++)
        {
            GoOut(queue: 0);
            if (i % 50 == 0) await Task.Delay(5);
        }

        session.Missed.ShouldBeGreaterThan(0);
        long missed = session.Missed;
        for (long written = session.Written; written + missed < Sent; written = session.Written)
        {
            ReadResult read = await pipe.Reader.ReadAsync().AsTask().WaitAsync(_patience);
            pipe.Reader.AdvanceTo(read.Buffer.End);
        }

        await pipe.Reader.CompleteAsync();
        GoOut(queue: 0);
        (await writing).ShouldBeFalse("the client is gone");
        session.Dispose();
        _counters[0].Tap.Ring.ShouldBeNull();
    }

    [Fact]
    public async Task A_client_that_takes_nothing_does_not_outlast_the_time()
    {
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 64, resumeWriterThreshold: 32));
        using CaptureSession session = _gate.TryBegin(Request(seconds: 1))!;
        (await WriteAsync(session, pipe.Writer)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(true, DropReason.None, "192.0.2.2", 1, 0, "forwarded to node b")]
    [InlineData(false, DropReason.None, "192.0.2.2", 3, 0, "forwarded from node b, 3 packets in one")]
    [InlineData(true, DropReason.None, "192.0.2.9", 1, 0, "forwarded to 192.0.2.9")]
    [InlineData(true, DropReason.IpOutNoRoutes, null, 1, 1, "dropped: IpOutNoRoutes")]
    [InlineData(false, DropReason.UnknownVtep, "192.0.2.7", 1, 1, "dropped: UnknownVtep (from 192.0.2.7)")]
    [InlineData(false, DropReason.SourceNotAllowed, "192.0.2.2", 1, 1,
        "dropped: SourceNotAllowed (from node b, 192.0.2.2)")]
    [InlineData(true, DropReason.QdiscDrop, "192.0.2.2", 44, 3,
        "dropped: QdiscDrop (to node b, 192.0.2.2), 3 of 44 packets")]
    public void The_comment_names_end_reason_and_peer(
        bool isEgress, DropReason verdict, string? peer, int packets, int dropped, string comment) =>
        CaptureComment.Of(
            new TapRecord
            {
                IsEgress = isEgress,
                Verdict = verdict,
                Peer = peer is null ? default : IpAddress.Parse(peer),
                Packets = packets,
                Dropped = dropped,
            },
            _publisher.Current).ShouldBe(comment);

    private static CaptureRequest Request(int snap = 256, long count = long.MaxValue, int seconds = 30) =>
        new(null, null, false, snap, count, TimeSpan.FromSeconds(seconds));

    private static Task<bool> WriteAsync(CaptureSession session, PipeWriter to) =>
        CaptureStream.WriteAsync(session, to, "overlayd", TimeProvider.System, CancellationToken.None)
            .WaitAsync(_patience);

    private static async Task<(List<(DateTime Time, string Comment)> Packets, long Missed)> ReadAsync(Pipe pipe)
    {
        await pipe.Writer.CompleteAsync();
        byte[] bytes = (await pipe.Reader.ReadAsync()).Buffer.ToArray();
        List<(DateTime, string)> packets = [];
        long sum = 0;
        for (ReadOnlySpan<byte> rest = bytes; !rest.IsEmpty;)
        {
            PcapngReader.TryReadLength(rest, out int length).ShouldBeTrue();
            if (PcapngReader.TryReadPacket(rest[..length], out CapturedPacket packet)) packets.Add((packet.Time, packet.Comment));
            if (PcapngReader.TryReadMissed(rest[..length], out _, out long missed)) sum += missed;
            rest = rest[length..];
        }

        return (packets, sum);
    }

    private void GoOut(int queue) =>
        new EgressPath(_devices, _devices, _publisher, _counters[queue].Egress, _counters[queue].Tap)
            .TryForward(_batch).ShouldBeTrue();

    /// <summary>A TUN with one packet, and an underlay that takes it.</summary>
    private sealed class Devices : ITunDevice, IUnderlay
    {
        private readonly byte[] _packet = new byte[Ipv4Header.MinLength + UdpHeader.HeaderLength];

        public Devices() => Ipv4Header.Write(
            _packet, 0, (ushort)_packet.Length, 1, Ipv4Header.DontFragment, 64, IpProtocol.Udp,
            IpAddress.Parse("10.244.1.1").ToIpv4(), IpAddress.Parse("10.244.2.2").ToIpv4());

        public bool TakesTcpSuperPackets => false;

        public bool TakesUdpSuperPackets => false;

        public bool TryRead(PacketBatch batch)
        {
            batch.Clear();
            _packet.CopyTo(batch.Memory.AsSpan(PacketBatch.StartOf(0)));
            batch.AddReceived().Length = _packet.Length;
            return true;
        }

        public void Write(PacketBatch batch) => throw new NotSupportedException("nothing comes in");

        public bool TryReceive(PacketBatch batch) => throw new NotSupportedException("nothing comes in");

        public void Send(PacketBatch batch)
        {
        }
    }
}
