using Overlay.Daemon.Metrics;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class PeerTrafficTests : IDisposable
{
    private readonly TablePublisher _publisher = new();
    private readonly PeerTraffic _traffic;

    public PeerTrafficTests() => _traffic = new PeerTraffic(_publisher, TimeProvider.System);

    [Fact]
    public void A_peer_has_the_packets_of_all_its_vteps_also_of_one_that_it_has_left()
    {
        RemoteVtep first = Vtep("b", 2);
        RemoteVtep second = Vtep("b", 3);
        Publish(first, second);
        first.Traffic.AddEgress(2, 200);
        second.Traffic.AddIngress(3, 300);
        _traffic.Read()["b"].ShouldBe(new PeerBytes(2, 200, 3, 300));

        RemoteVtep other = Vtep("b", 4);
        Publish(other);
        other.Traffic.AddEgress(1, 50);
        _traffic.Read()["b"].ShouldBe(new PeerBytes(3, 250, 3, 300));
        Publish(Vtep("c", 5));
        _traffic.Read().Keys.ShouldBe(["c"]);
    }

    [Fact]
    public void Peers_beyond_the_bound_share_a_series_and_no_series_falls()
    {
        RemoteVtep[] vteps = [.. Enumerable.Range(1, 30).Select(static i => Vtep($"n{i}", i))];
        Publish(vteps);
        for (int i = 0; i < vteps.Length; i++) vteps[i].Traffic.AddEgress(1, 100 + i);
        Dictionary<string, PeerBytes> before = Series();
        before.Count.ShouldBe(PeerTraffic.MostSeries + 1);
        before.ShouldContainKey("n30");
        before.ShouldNotContainKey("n1");
        before[PeerTraffic.Others].ShouldBe(new PeerBytes(10, Enumerable.Range(100, 10).Sum(), 0, 0));

        // Not by a little more than the least that has a series, but by twice as much.
        vteps[0].Traffic.AddEgress(1, 50);
        Series().ShouldNotContainKey("n1");
        vteps[0].Traffic.AddEgress(1, 1000);
        Dictionary<string, PeerBytes> after = Series();
        after["n1"].ShouldBe(new PeerBytes(1, 1000, 0, 0));
        after.Count.ShouldBe(PeerTraffic.MostSeries + 1);
        after.ShouldNotContainKey("n11");
        foreach ((string peer, PeerBytes bytes) in before.Where(series => after.ContainsKey(series.Key)))
            after[peer].EgressBytes.ShouldBeGreaterThanOrEqualTo(bytes.EgressBytes, peer);
        after[PeerTraffic.Others].ShouldBe(new PeerBytes(11, before[PeerTraffic.Others].EgressBytes + 50, 0, 0));
    }

    [Fact]
    public void Peers_without_traffic_have_no_series()
    {
        Publish(Vtep("b", 2));
        Series().ShouldHaveSingleItem().ShouldBe(new(PeerTraffic.Others, default));
    }

    public void Dispose() => _traffic.Dispose();

    private Dictionary<string, PeerBytes> Series() => _traffic.Series().ToDictionary();

    private static RemoteVtep Vtep(string node, int i) =>
        new(node, IpAddress.Parse($"192.0.2.{i}"), MacAddress.Parse($"02:00:00:00:00:{i:x2}"));

    private void Publish(params RemoteVtep[] vteps)
    {
        ForwardingTableBuilder builder = new();
        foreach (RemoteVtep vtep in vteps) _ = builder.AddVtep(vtep);
        ForwardingTable table = builder.Build();
        _publisher.Publish(table, TableChange.From(table));
    }
}
