using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Lab.Topology;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public sealed class LeaseCacheTests : IDisposable
{
    private static readonly Lease _accepted = LeaseOf("b", 2);

    private readonly TempDirectory _directory = new();
    private readonly CollectingLogger<LeaseCache> _logger = new();

    private LeaseCache Cache => CacheOf("here");

    private string File => Path.Combine(_directory["state"], "peers.json");

    [Fact]
    public void AcceptedPeersComeBackAndOthersDoNot()
    {
        Cache.Save(Peers(
            new PeerLease(_accepted, LeaseVerdict.Accepted, null),
            new PeerLease(LeaseOf("c", 3), LeaseVerdict.Refused, "because"),
            new PeerLease(LeaseOf("d", 4), LeaseVerdict.NotReady, "not yet")));
        Cache.Load()!.Leases.ShouldBe([_accepted]);
    }

    [Fact]
    public void WithoutAFileThereIsNothingAndNoComplaint()
    {
        Cache.Load().ShouldBeNull();
        _logger.Warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("")]
    [InlineData("""{"Kind":"Test","Place":"here"}""")]
    [InlineData("""{"Kind":7,"Place":"here"}""")]
    public void ADamagedFileIsNamedOnceAndPassedOver(string content)
    {
        _ = Directory.CreateDirectory(_directory["state"]);
        System.IO.File.WriteAllText(File, content);
        Cache.Load().ShouldBeNull();
        _logger.Warnings.ShouldHaveSingleItem().ShouldContain(File);
    }

    [Fact]
    public void ADamagedLeaseCostsOnlyItself()
    {
        Cache.Save(Peers(new PeerLease(_accepted, LeaseVerdict.Accepted, null)));
        System.IO.File.WriteAllText(File, System.IO.File.ReadAllText(File).Replace("{\"b\"", "{\"x\":7,\"b\"", StringComparison.Ordinal));
        Cache.Load()!.Leases.ShouldBe([_accepted]);
        _logger.Warnings.ShouldHaveSingleItem().ShouldContain("x");
    }

    [Fact]
    public void WhatAnotherStoreSaidIsPassedOverAndNamed()
    {
        Cache.Save(Peers(new PeerLease(_accepted, LeaseVerdict.Accepted, null)));
        CacheOf("there").Load().ShouldBeNull();
        _logger.Warnings.ShouldHaveSingleItem().ShouldEndWith("passed over: they are those of Test here, and this node's are in Test there");
    }

    [Fact]
    public void ADirectoryThatIsMountedElsewhereIsNoOtherStore()
    {
        LeaseCache At(string directory) => new(_directory["state"], new(StoreLocation.File, directory), _logger);
        At("/mnt/one").Save(Peers(new PeerLease(_accepted, LeaseVerdict.Accepted, null)));
        At("/mnt/other").Load()!.Leases.ShouldBe([_accepted]);
    }

    [Fact]
    public void TheSameTwiceIsWrittenOnce()
    {
        LeaseCache cache = Cache;
        PeersSnapshot peers = Peers(new PeerLease(_accepted, LeaseVerdict.Accepted, null));
        cache.Save(peers);
        System.IO.File.Delete(File);
        cache.Save(peers);
        System.IO.File.Exists(File).ShouldBeFalse();
    }

    public void Dispose() => _directory.Dispose();

    private LeaseCache CacheOf(string place) => new(_directory["state"], new("Test", place), _logger);

    private static PeersSnapshot Peers(params PeerLease[] peers) => new(peers, null);

    private static Lease LeaseOf(string node, int number) => new()
    {
        Node = node,
        Subnet = IpPrefix.Parse($"10.244.{number}.0/24"),
        PublicIp = IpAddress.Parse($"192.0.2.{number}"),
        BackendData = new VtepData(new Vni(1), MacAddress.Parse($"02:00:00:00:00:0{number}")),
    };
}
