using FsCheck;
using FsCheck.Fluent;
using Overlay.Daemon.Probes;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public class ProbeAnswersTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ProbeCounters _counters = new();
    private readonly ProbeAnswers _answers;

    public ProbeAnswersTests() =>
        _answers = new ProbeAnswers(ProbeTable.Published(), new ProbeLimit(2000, _time), _counters);

    [Fact]
    public void The_inner_address_of_a_peer_is_answered_by_both_families()
    {
        foreach (IpAddress peer in new[] { ProbeTable.Peer, ProbeTable.PeerV6 })
        {
            byte[] packet = Question();
            _answers.TryAnswer(packet, peer).ShouldBeTrue();
            ProbePacket.TryRead(packet, out ProbePacket answer).ShouldBeTrue();
            answer.Kind.ShouldBe(ProbeKind.Answer);
        }
    }

    [Theory]
    [InlineData("10.244.1.0")]
    [InlineData("10.244.1.2")]
    [InlineData("10.244.2.2")]
    [InlineData("10.244.4.0")]
    [InlineData("192.0.2.2")]
    [InlineData("fd00:10:244:1::")]
    [InlineData("fd00:10:244:2::2")]
    [InlineData("0.0.0.0")]
    [InlineData("255.255.255.255")]
    public void Pods_this_node_and_strangers_are_refused_and_counted(string source)
    {
        byte[] packet = Question();
        _answers.TryAnswer(packet, IpAddress.Parse(source)).ShouldBeFalse();
        packet.ShouldBe(Question(), "a packet that is not answered stays as it was");
        _counters[ProbeFate.Refused].ShouldBe(1);
    }

    [Fact]
    public void An_answer_is_not_answered_or_two_daemons_would_never_end()
    {
        byte[] packet = Question();
        _answers.TryAnswer(packet, ProbeTable.Peer).ShouldBeTrue();
        _answers.TryAnswer(packet, ProbeTable.Peer).ShouldBeFalse();
        _counters[ProbeFate.Malformed].ShouldBe(1);
    }

    [Fact]
    public void No_bytes_of_a_peer_have_an_answer_or_an_exception() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(), bytes => !_answers.TryAnswer(bytes, ProbeTable.Peer)));

    [Fact]
    public void More_than_the_limit_is_counted_until_time_has_gone_by()
    {
        Answered(5000).ShouldBe(2000);
        _counters[ProbeFate.Limited].ShouldBe(3000);
        _time.Now += TimeSpan.FromMilliseconds(100);
        Answered(5000).ShouldBe(200);
        _time.Now += TimeSpan.FromHours(1);
        Answered(5000).ShouldBe(2000);
    }

    [Fact]
    public void Strangers_take_nothing_of_what_peers_may_ask()
    {
        for (int i = 0; i < 5000; i++) _ = _answers.TryAnswer(Question(), IpAddress.Parse("10.244.1.2"));
        Answered(1).ShouldBe(1);
    }

    private int Answered(int questions) =>
        Enumerable.Range(0, questions).Count(_ => _answers.TryAnswer(Question(), ProbeTable.Peer));

    private static byte[] Question()
    {
        byte[] packet = new byte[ProbePacket.Length];
        new ProbePacket(ProbeKind.Question, 1, 2, 3).Write(packet);
        return packet;
    }
}
