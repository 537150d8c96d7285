using Overlay.Daemon.Probes;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class MeshStateTests
{
    private static readonly OwnEnd _end = new(IpAddress.Parse("10.244.1.0"), 1450);
    private static readonly PeerEnd _b = new("b", IpAddress.Parse("10.244.2.0"), _end, 50);
    private static readonly PeerEnd _c = new("c", IpAddress.Parse("10.244.3.0"), _end, 50);

    [Fact]
    public void Loss_is_that_of_the_last_twelve_rounds()
    {
        MeshState state = MeshState.Empty.With([Ping(_b, 0)], [_b]);
        Health(state).Loss.ShouldBe(1);
        for (int round = 0; round < 11; round++) state = state.With([Ping(_b, 10)], [_b]);
        Health(state).Loss.ShouldBe(1.0 / 12, 0.0001);
        Health(state.With([Ping(_b, 10)], [_b])).Loss.ShouldBe(0);
    }

    [Fact]
    public void A_peer_that_a_round_has_left_out_keeps_its_figures_and_is_the_next_ones_first()
    {
        MeshState state = MeshState.Empty.With([Ping(_b, 5)], [_b, _c]).With([Ping(_c, 10)], [_b, _c]);
        (state.RoundOf(_b), state.RoundOf(_c), state.Round).ShouldBe((1, 2, 2));
        Health(state).Loss.ShouldBe(0.5);
        state.RoundOf(new PeerEnd("d", IpAddress.Parse("10.244.4.0"), _end, 50)).ShouldBe(0);
    }

    [Fact]
    public void A_peer_that_is_gone_is_forgotten_and_another_node_does_not_inherit_its_losses()
    {
        MeshState state = MeshState.Empty.With([Ping(_b, 0)], [_b]);
        state.With([], []).Peers.ShouldBeEmpty();
        PeerEnd successor = _b with { Node = "z" };
        state.With([], [successor]).Peers.ShouldBeEmpty();
        Health(state.With([Ping(successor, 10)], [successor])).Loss.ShouldBe(0);
    }

    private static PeerHealth Health(MeshState state) =>
        state.Peers.Single(static health => health.Last.Peer.Address == _b.Address);

    private static PeerPing Ping(PeerEnd peer, int received) =>
        new(peer, received == 0 ? PingKind.None : PingKind.Overlay, 10, received, null, [], null, []);
}
