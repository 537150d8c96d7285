using Overlay.Daemon.Metrics;
using Overlay.Daemon.Networks;
using Overlay.Dataplane.Forwarding;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class PeerTrafficTests : IDisposable
{
    private readonly TablePublisher _publisher = new();
    private readonly PeerTraffic _traffic;

    public PeerTrafficTests() => _traffic = new PeerTraffic(_publisher, new NetworkCounters(1), TimeProvider.System);

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
    public void Peers_beyond_the_first_need_weight_for_a_series_and_none_falls_or_goes()
    {
        RemoteVtep[] first = [.. Enumerable.Range(1, 20).Select(static i => Vtep($"n{i}", i))];
        (RemoteVtep small, RemoteVtep large) = (Vtep("small", 101), Vtep("large", 102));
        Publish([.. first, small, large]);
        foreach (RemoteVtep vtep in first) vtep.Traffic.AddEgress(1, 1000);
        Series().Keys.ShouldBe([.. first.Select(static vtep => vtep.Node), PeerTraffic.Others]);

        // A hundredth of 20,000 is what both have to pass.
        small.Traffic.AddEgress(1, 200);
        large.Traffic.AddIngress(1, 5000);
        Dictionary<string, PeerBytes> series = Series();
        series["large"].ShouldBe(new PeerBytes(0, 0, 1, 5000));
        series.ShouldNotContainKey("small");
        series[PeerTraffic.Others].ShouldBe(new PeerBytes(1, 200, 0, 0));

        Publish(small);
        Series()["large"].ShouldBe(series["large"]);
        RemoteVtep again = Vtep("large", 102);
        Publish(small, again);
        again.Traffic.AddIngress(1, 100);
        Series()["large"].ShouldBe(new PeerBytes(0, 0, 2, 5100));
    }

    [Fact]
    public void A_peer_with_the_others_name_has_no_series_of_its_own()
    {
        RemoteVtep peer = Vtep(PeerTraffic.Others, 2);
        Publish(peer);
        peer.Traffic.AddEgress(2, 200);
        Series().ShouldHaveSingleItem().ShouldBe(new(PeerTraffic.Others, new PeerBytes(2, 200, 0, 0)));
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
