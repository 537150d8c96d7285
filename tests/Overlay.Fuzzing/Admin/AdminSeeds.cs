using System.Buffers;
using System.Text;
using System.Text.Json;
using Overlay.Daemon.Handover;
using Overlay.Dataplane.Tests;
using Overlay.Fuzzing.Targets;
using Overlay.Wire.Captures;
using Overlay.Wire.Values;

namespace Overlay.Fuzzing.Admin;

/// <summary>Requests of overlayctl, answers of overlayd, and the two ends of a hand-over.</summary>
internal static class AdminSeeds
{
    /// <summary>The node of the hand-over: one queue, one family.</summary>
    public static HandoverNode Node { get; } =
        new("a", 1, 8472, "192.168.77.1", "10.244.1.0/24", 1, "Tcp");

    public static IEnumerable<Seed> All() =>
    [
        Request("status", "GET /v1/status"),
        Request("config", "GET /v1/config"),
        Request("checks", "GET /v1/checks"),
        Request("peers", "GET /v1/peers"),
        Request("log-level", "PUT /v1/log-level\nDebug"),
        Request("upgrade", "PUT /v1/upgrade"),
        Request("health", "GET /readyz?verbose"),
        Request("metrics", "GET /metrics"),
        Request("capture", "GET /node/capture?peer=192.168.77.2&pod=10.244.2.2&drops=true&snap=96&count=1&seconds=1"),
        Request("capture-bad", "GET /node/capture?snap=1&count=0&seconds=-1"),
        Request("trace", "GET /node/trace?source=10.244.1.2&destination=10.244.2.2&tcp=true"),
        Request("ping", "GET /node/ping?to=b&count=10&interval=100"),
        Request("ping-all", "GET /node/ping?to=all&count=1&interval=10"),
        new("handover",
        [
            (byte)AdminReaderKind.Handover, .. Message(0, JsonSerializer.SerializeToUtf8Bytes(
                new HandoverHello(1, "0.1.0", "a", "/var/lib/overlay", null), HandoverMessages.Default.HandoverHello)),
            .. Message(1 + (18 << 2), JsonSerializer.SerializeToUtf8Bytes(
                new HandoverOffer(null, "0.1.0", Node), HandoverMessages.Default.HandoverOffer)),
            .. Message(2, [(byte)HandoverStep.Prepare, 0, 0, 0, 0, 0, 0, 0, 0]),
        ]),
        new("handover-refused",
        [
            (byte)AdminReaderKind.Handover, .. Message(1, JsonSerializer.SerializeToUtf8Bytes(
                new HandoverOffer("it is another node", "0.1.0", null), HandoverMessages.Default.HandoverOffer)),
        ]),
        Report("peers", 0, """[{"node":"b","state":"accepted","vtepMac":"02:00:00:00:00:02","subnet":"10.244.2.0/24","egressBytes":7,"reason":null}]"""),
        Report("counters", 0, """{"paths":[{"path":"egress-0","packets":1,"bytes":2}],"drops":[{"reason":"IpCsum","direction":"ingress","packets":0}]}"""),
        Report("status", 1, """{"node":"a","version":"0.1.0","state":"forwarding","waitingFor":null,"started":"2026-01-01T00:00:00+00:00","device":"overlay0","vni":1,"port":8472,"mtu":1450,"vtepMac":"02:00:00:00:00:01","subnet":"10.244.1.0/24","problems":["a"],"warnings":[],"underlay":{"interface":"eth0","ipv4":"192.168.77.1","mtu":1500},"dataplane":{"queues":2,"maxSegments":64,"offloads":["tcp"]},"controlPlane":{"kind":"File","source":"/leases","state":"disconnected","ageSeconds":3.5,"acceptedPeers":1,"refusedPeers":1,"problems":[]},"traffic":{"egress":{"packetsPerSecond":1.5,"bitsPerSecond":1e9},"recentDrops":[{"packets":1,"reason":"IpCsum","direction":"ingress"}]},"capture":null}"""),
        Report("ping", 2, """{"peers":[{"node":"b","address":"10.244.2.0","family":"IPv4","way":"tunnel","kind":"overlay","sent":160,"received":159,"rttMicroseconds":{"min":1,"median":2,"p99":3},"pathCount":16,"paths":[{"sourcePort":1,"sent":10,"received":9}],"mtu":{"bytes":1450,"device":1450},"notes":["a"]}],"pod":{"node":"b","address":"10.244.2.9","isLocal":false,"sent":5,"received":5,"notes":[]},"leftOut":1}"""),
        Report("finding", 3, """{"severity":"warning","text":"a"}"""),
        new("capture-stream", [(byte)AdminReaderKind.Capture, .. Capture()]),
    ];

    private static Seed Request(string name, string text) =>
        new($"request-{name}", [(byte)AdminReaderKind.Request, .. Encoding.ASCII.GetBytes(text)]);

    private static Seed Report(string name, byte screen, string json) =>
        new($"report-{name}", [(byte)AdminReaderKind.Report, screen, .. Encoding.UTF8.GetBytes(json)]);

    private static byte[] Message(int choices, byte[] bytes) =>
        [(byte)choices, (byte)bytes.Length, (byte)(bytes.Length >> 8), .. bytes];

    private static byte[] Capture()
    {
        ArrayBufferWriter<byte> blocks = new();
        PcapngWriter.Section(blocks, "overlayd 0.1.0");
        PcapngWriter.Interface(blocks, "overlay ingress", LinkType.Raw, 256);
        byte[] packet = PacketBuilder.Between(TestNode.B, TestNode.A, IpFamily.IPv4).Build();
        PcapngWriter.Packet(blocks, 0, DateTime.UnixEpoch.AddYears(56), packet, packet.Length, PacketWay.In, "from b");
        PcapngWriter.Statistics(blocks, 0, DateTime.UnixEpoch.AddYears(56), 2, 1);
        return blocks.WrittenSpan.ToArray();
    }
}
