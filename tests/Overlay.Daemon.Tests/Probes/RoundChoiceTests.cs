using Overlay.Daemon.Probes;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

/// <summary>The peers of a round: few of them, whatever the cluster's size, and the right ones.</summary>
public sealed class RoundChoiceTests
{
    private static readonly OwnEnd _end = new(IpAddress.Parse("10.244.0.0"), 1450);
    private static readonly PeerEnd[] _peers =
        [.. Enumerable.Range(1, 100).Select(static i => new PeerEnd($"{i}", IpAddress.Parse($"10.244.{i}.0"), _end, 50))];

    private readonly RoundChoice _choice = new();

    [Fact]
    public void A_round_that_nobody_looks_at_has_16_peers_and_all_have_had_a_turn_after_some()
    {
        MeshState state = MeshState.Empty;
        for (int round = 0; round < 7; round++)
        {
            IReadOnlyList<PeerEnd> due = Due(state);
            due.Count.ShouldBe(16);
            state = state.With(due.Select(static peer => Ping(peer, 16)), _peers, TimeSpan.FromMinutes(round));
        }

        state.Peers.Count.ShouldBe(100);
    }

    [Fact]
    public void Peers_that_lose_packets_are_looked_at_again_but_do_not_take_every_place()
    {
        MeshState state = MeshState.Empty.With(
            _peers.Select(static (peer, i) => Ping(peer, i < 10 ? 7 : 16)), _peers, TimeSpan.Zero);
        IReadOnlyList<PeerEnd> due = Due(state);
        due.Count.ShouldBe(16);
        due.Count(static peer => int.Parse(peer.Node) <= 10).ShouldBeInRange(4, 9);
    }

    [Fact]
    public void Peers_with_most_traffic_since_the_last_round_are_looked_at_each_time()
    {
        _ = Due(MeshState.Empty, ("5", 1_000_000), ("6", 100));
        MeshState state = MeshState.Empty.With(_peers.Select(static peer => Ping(peer, 16)), _peers, TimeSpan.Zero);
        for (int i = 0; i < 5; i++)
        {
            Due(state, ("5", 1_000_000), ("6", 100 * (i + 2))).ShouldContain(_peers[5]);
            state = state.With([Ping(_peers[5], 16)], _peers, TimeSpan.FromMinutes(i));
        }
    }

    [Fact]
    public void A_viewer_gets_64_at_once() => _choice.Of(MeshState.Empty, _peers, null).Count.ShouldBe(64);

    private IReadOnlyList<PeerEnd> Due(MeshState state, params (string Node, long Bytes)[] traffic) =>
        _choice.Of(state, _peers, traffic.ToDictionary(static peer => peer.Node, static peer => peer.Bytes));

    private static PeerPing Ping(PeerEnd peer, int received) =>
        new(peer, PingKind.Overlay, 16, received, null, [], null, []);
}
