using System.Globalization;
using System.Text.RegularExpressions;
using Overlay.Dataplane.Forwarding;
using Overlay.Dataplane.Linux.Tun;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Packets;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Tests;

/// <summary>Errors that the kernel reports of datagrams that are on their way already.</summary>
public sealed partial class UdpSendErrorTests : IDisposable
{
    private const ushort Port = 8472;
    private const int Size = 500;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly TwoNodes _nodes = new();
    private readonly UdpSockets _a;
    private readonly PacketBatch _sent = new(8);

    public UdpSendErrorTests() => _a = Open(_nodes.A, "192.168.77.1", "fd77::1");

    [Theory]
    [InlineData("192.168.77.2")]
    [InlineData("fd77::2")]
    public void A_datagram_that_the_queueing_discipline_drops_is_counted_as_dropped(string to)
    {
        using UdpSockets b = Open(_nodes.B, "192.168.77.2", "fd77::2");

        // The neighbour first, whose datagram would wait outside of the queue.
        _nodes.A.Run("ping", "-c1", to).EnsureSuccess();
        _nodes.A.Run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8kbit", "burst", "3000", "limit",
            "3000").EnsureSuccess();
        for (int i = 0; i < 50; i++) Add(to);
        _a[0].Send(_sent);

        DropReason[] verdicts = [.. Enumerable.Range(0, 50).Select(i => _sent[i].Verdict)];
        int passed = verdicts.Count(static verdict => verdict == DropReason.None);
        passed.ShouldBeInRange(1, 20);
        verdicts.Count(static verdict => verdict == DropReason.QdiscDrop).ShouldBe(50 - passed);
        _nodes.A.Run("tc", "qdisc", "delete", "dev", "eth0", "root").EnsureSuccess();
    }

    [Theory]
    [InlineData("192.168.77.2", "192.168.77.3")]
    [InlineData("fd77::2", "fd77::3")]
    public void A_peer_that_answers_with_ICMP_errors_costs_no_other_peer_a_datagram(string closed, string open)
    {
        _nodes.B.Ip("address add 192.168.77.3/24 dev eth0", "address add fd77::3/64 dev eth0 nodad");
        using UdpSockets b = Open(_nodes.B, "192.168.77.3", "fd77::3");
        _nodes.B.Set("net/ipv4/icmp_ratelimit", "0");
        _nodes.B.Set("net/ipv6/icmp/ratelimit", "0");
        PacketBatch batch = new(8);
        for (int i = 0; i < 30; i++)
        {
            // In one batch and from one port: the error is there before the second datagram, as a rule.
            _sent.Clear();
            Add(closed);
            Add(open);
            _a[0].Send(_sent);
            _sent[1].Verdict.ShouldBe(DropReason.None, $"datagram {i}");
            SpinWait.SpinUntil(() => b[0].TryReceive(batch), _patience).ShouldBeTrue($"datagram {i}");
        }
    }

    [Theory]
    [InlineData("192.168.77.2")]
    [InlineData("fd77::2")]
    public void Errors_that_nobody_reads_hold_hardly_any_memory(string closed)
    {
        _nodes.B.Set("net/ipv4/icmp_ratelimit", "0");
        _nodes.B.Set("net/ipv6/icmp/ratelimit", "0");
        for (int i = 0; i < 100; i++)
        {
            _sent.Clear();
            Add(closed);
            _a[0].Send(_sent);
        }

        MatchCollection held = ReceiveMemory().Matches(_nodes.A.Run("ss", "-H", "-uanm").Output);
        held.Count.ShouldBeGreaterThan(16);
        held.Sum(static match => int.Parse(match.Groups["bytes"].Value, CultureInfo.InvariantCulture))
            .ShouldBeLessThan(16 * 1024);
    }

    public void Dispose()
    {
        _a.Dispose();
        _nodes.Dispose();
    }

    private static UdpSockets Open(Node node, string ipv4, string ipv6) => node.Invoke(() => UdpSockets.Open(
        1, IpAddress.Parse(ipv4).ToIpv4(), IpAddress.Parse(ipv6).ToIpv6(), Port, Offloads.None));

    // ss(8), -m: bytes that a socket's packets to be read take.
    [GeneratedRegex(@"skmem:\(r(?<bytes>\d+),")]
    private static partial Regex ReceiveMemory();

    private void Add(string to)
    {
        ref PacketSlot slot = ref _sent.Add(PacketBatch.StartOf(0), Size);
        slot.Remote = new RemoteVtep(to, IpAddress.Parse(to), MacAddress.Parse("02:00:00:00:00:02"));
    }
}
