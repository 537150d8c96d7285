using Overlay.Daemon.Probes;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class MeshStateTests
{
    private static readonly OwnEnd _end = new(IpAddress.Parse("10.244.1.0"), 1450);
    private static readonly PeerEnd _b = new("b", IpAddress.Parse("10.244.2.0"), _end, 50);
    private static readonly PeerEnd _c = new("c", IpAddress.Parse("10.244.3.0"), _end, 50);

    [Fact]
    public void Loss_is_that_of_the_last_minute_however_many_rounds_that_is()
    {
        MeshState state = With(MeshState.Empty, 0, [Ping(_b, 0)], [_b]);
        Health(state).Loss.ShouldBe(1);
        state = With(state, 5, [Ping(_b, 10)], [_b]);
        Health(state).Loss.ShouldBe(0.5);
        state = With(state, 59, [Ping(_b, 10)], [_b]);
        Health(state).Loss.ShouldBe(1.0 / 3, 0.0001);
        Health(With(state, 61, [Ping(_b, 10)], [_b])).Loss.ShouldBe(0);
    }

    [Fact]
    public void A_narrow_path_is_searched_once_a_minute()
    {
        PathMtu narrow = new(1350, 1450, 50);
        MeshState state = With(MeshState.Empty, 0, [Ping(_b, 10) with { Mtu = narrow }], [_b]);
        state.KnownMtuOf(_b, At(59)).ShouldBeSameAs(narrow);
        state = With(state, 30, [Ping(_b, 10) with { Mtu = narrow }], [_b]);
        state.KnownMtuOf(_b, At(61)).ShouldBeNull("it was found by a search, and not by the round at 30");
        state = With(state, 62, [Ping(_b, 10) with { Mtu = new PathMtu(1450, 1450, 50) }], [_b]);
        state.KnownMtuOf(_b, At(63)).ShouldBeNull();
    }

    [Fact]
    public void A_peer_that_a_round_has_left_out_keeps_its_figures_and_is_the_next_ones_first()
    {
        MeshState state = With(With(MeshState.Empty, 0, [Ping(_b, 5)], [_b, _c]), 5, [Ping(_c, 10)], [_b, _c]);
        (state.RoundOf(_b), state.RoundOf(_c), state.Round).ShouldBe((1, 2, 2));
        Health(state).Loss.ShouldBe(0.5);
        state.RoundOf(new PeerEnd("d", IpAddress.Parse("10.244.4.0"), _end, 50)).ShouldBe(0);
    }

    [Fact]
    public void A_peer_that_is_gone_is_forgotten_and_another_node_does_not_inherit_its_losses()
    {
        MeshState state = With(MeshState.Empty, 0, [Ping(_b, 0)], [_b]);
        With(state, 5, [], []).Peers.ShouldBeEmpty();
        PeerEnd successor = _b with { Node = "z" };
        With(state, 5, [], [successor]).Peers.ShouldBeEmpty();
        Health(With(state, 5, [Ping(successor, 10)], [successor])).Loss.ShouldBe(0);
    }

    private static MeshState With(
        MeshState state, int seconds, IEnumerable<PeerPing> pings, IEnumerable<PeerEnd> peers) =>
        state.With(pings, peers, At(seconds));

    private static TimeSpan At(int seconds) => TimeSpan.FromSeconds(seconds);

    private static PeerHealth Health(MeshState state) =>
        state.Peers.Single(static health => health.Last.Peer.Address == _b.Address);

    private static PeerPing Ping(PeerEnd peer, int received) =>
        new(peer, received == 0 ? PingKind.None : PingKind.Overlay, 10, received, null, [], null, []);
}
