using Overlay.Dataplane.Linux.Udp;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Linux.Tests;

public sealed class SegmentRefusalsTests
{
    private static readonly IpAddress _peer = IpAddress.Parse("192.0.2.2");

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void A_peer_that_has_refused_is_left_alone_for_a_while_and_tried_again()
    {
        SegmentRefusals refusals = new(_time);
        refusals.IsEmpty.ShouldBeTrue();
        refusals.Add(_peer);
        (refusals.IsEmpty, refusals.Contains(_peer)).ShouldBe((false, true));
        refusals.Contains(IpAddress.Parse("192.0.2.3")).ShouldBeFalse("others are not slowed");

        _time.Now += SegmentRefusals.Rest - TimeSpan.FromSeconds(1);
        refusals.Contains(_peer).ShouldBeTrue();
        _time.Now += TimeSpan.FromSeconds(1);
        refusals.Contains(_peer).ShouldBeFalse();
        refusals.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void However_many_peers_refuse_the_record_stays_bounded()
    {
        SegmentRefusals refusals = new(_time);
        for (uint i = 0; i < 10_000; i++) refusals.Add(new Ipv4Address(i));
        Enumerable.Range(0, 10_000).Count(i => refusals.Contains(new Ipv4Address((uint)i)))
            .ShouldBeInRange(1, 4096);
    }
}
