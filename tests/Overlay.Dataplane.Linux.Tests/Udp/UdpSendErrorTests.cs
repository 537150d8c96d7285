using System.Globalization;
using System.Text.RegularExpressions;
using Overlay.Dataplane.Linux.Udp;
using Overlay.Dataplane.Packets;

namespace Overlay.Dataplane.Linux.Tests;

/// <summary>Errors that the kernel reports of datagrams that are on their way already.</summary>
public sealed partial class UdpSendErrorTests : IDisposable
{
    private const int Size = 500;

    private readonly UdpRig _rig = new();

    [Theory]
    [InlineData("192.168.77.2")]
    [InlineData("fd77::2")]
    public void A_datagram_that_the_queueing_discipline_drops_is_counted_as_dropped(string to)
    {
        UdpUnderlay a = _rig.Open(_rig.A);
        _ = _rig.Open(_rig.B);

        // The neighbour first, whose datagram would wait outside of the queue.
        _rig.A.Run("ping", "-c1", to).EnsureSuccess();
        _rig.A.Run("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8kbit", "burst", "3000", "limit",
            "3000").EnsureSuccess();
        for (int i = 0; i < 50; i++) Add(to);
        a.Send(_rig.Sent);

        DropReason[] verdicts = [.. Enumerable.Range(0, 50).Select(i => _rig.Sent[i].Verdict)];
        int passed = verdicts.Count(static verdict => verdict == DropReason.None);
        passed.ShouldBeInRange(1, 20);
        verdicts.Count(static verdict => verdict == DropReason.QdiscDrop).ShouldBe(50 - passed);
        _rig.A.Run("tc", "qdisc", "delete", "dev", "eth0", "root").EnsureSuccess();
    }

    [Theory]
    [InlineData("192.168.77.2", "192.168.77.3")]
    [InlineData("fd77::2", "fd77::3")]
    public void A_peer_that_answers_with_ICMP_errors_costs_no_other_peer_a_datagram(string closed, string open)
    {
        _rig.B.Ip("address add 192.168.77.3/24 dev eth0", "address add fd77::3/64 dev eth0 nodad");
        _rig.B.WaitForAddress("fd77::3");
        UdpUnderlay a = _rig.Open(_rig.A);
        UdpUnderlay b = _rig.Open(_rig.B, "192.168.77.3", "fd77::3");
        _rig.B.Set("net/ipv4/icmp_ratelimit", "0");
        _rig.B.Set("net/ipv6/icmp/ratelimit", "0");
        PacketBatch batch = new(8);
        for (int i = 0; i < 30; i++)
        {
            // In one batch and from one port: the error is there before the second datagram, as a rule.
            _rig.Sent.Clear();
            Add(closed);
            Add(open);
            a.Send(_rig.Sent);
            _rig.Sent[1].Verdict.ShouldBe(DropReason.None, $"datagram {i}");
            UdpRig.Receive(b, batch).ShouldBeTrue($"datagram {i}");
        }

        UdpRig.NoPorts(_rig.B, closed).ShouldBeGreaterThan(0, "else no error has come");
    }

    [Theory]
    [InlineData("192.168.77.2")]
    [InlineData("fd77::2")]
    public void Errors_that_nobody_reads_hold_hardly_any_memory(string closed)
    {
        UdpUnderlay a = _rig.Open(_rig.A);
        _rig.B.Set("net/ipv4/icmp_ratelimit", "0");
        _rig.B.Set("net/ipv6/icmp/ratelimit", "0");
        for (int i = 0; i < 100; i++)
        {
            _rig.Sent.Clear();
            Add(closed);
            a.Send(_rig.Sent);
        }

        UdpRig.NoPorts(_rig.B, closed).ShouldBeGreaterThan(0, "else no error has come");
        MatchCollection held = ReceiveMemory().Matches(_rig.A.Run("ss", "-H", "-uanm").Output);
        held.Count.ShouldBeGreaterThan(16);
        held.Sum(static match => int.Parse(match.Groups["bytes"].Value, CultureInfo.InvariantCulture))
            .ShouldBeLessThan(16 * 1024);
    }

    public void Dispose() => _rig.Dispose();

    // ss(8), -m: bytes that a socket's packets to be read take.
    [GeneratedRegex(@"skmem:\(r(?<bytes>\d+),")]
    private static partial Regex ReceiveMemory();

    private void Add(string to) => _ = _rig.Add(to, PacketBatch.StartOf(0), Size);
}
