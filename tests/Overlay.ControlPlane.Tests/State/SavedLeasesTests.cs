using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public sealed class SavedLeasesTests : IDisposable
{
    private static readonly Lease _accepted = LeaseOf("b", 2);

    private readonly TempDirectory _directory = new();
    private readonly CollectingLogger<SavedLeases> _logger = new();

    private SavedLeases Saved => SavedOf("here");

    private string File => Path.Combine(_directory["state"], "peers.json");

    [Fact]
    public void Accepted_peers_come_back_and_others_do_not()
    {
        Saved.Save(Peers(
            new PeerLease(_accepted, LeaseVerdict.Accepted, null),
            new PeerLease(LeaseOf("c", 3), LeaseVerdict.Refused, "because"),
            new PeerLease(LeaseOf("d", 4), LeaseVerdict.NotReady, "not yet")));
        Saved.Load()!.Leases.ShouldBe([_accepted]);
    }

    [Fact]
    public void Without_a_file_there_is_nothing_and_no_complaint()
    {
        Saved.Load().ShouldBeNull();
        _logger.Warnings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("")]
    [InlineData("""{"Kind":"Test","Place":"here"}""")]
    [InlineData("""{"Kind":7,"Place":"here"}""")]
    public void A_damaged_file_is_named_once_and_passed_over(string content)
    {
        _ = Directory.CreateDirectory(_directory["state"]);
        System.IO.File.WriteAllText(File, content);
        Saved.Load().ShouldBeNull();
        _logger.Warnings.ShouldHaveSingleItem().ShouldContain(File);
    }

    [Fact]
    public void A_damaged_lease_costs_only_itself()
    {
        Saved.Save(Peers(new PeerLease(_accepted, LeaseVerdict.Accepted, null)));
        System.IO.File.WriteAllText(
            File, System.IO.File.ReadAllText(File).Replace("{\"b\"", "{\"x\":7,\"b\"", StringComparison.Ordinal));
        Saved.Load()!.Leases.ShouldBe([_accepted]);
        _logger.Warnings.ShouldHaveSingleItem().ShouldContain("x");
    }

    [Fact]
    public void What_another_store_said_is_passed_over_and_named()
    {
        Saved.Save(Peers(new PeerLease(_accepted, LeaseVerdict.Accepted, null)));
        SavedOf("there").Load().ShouldBeNull();
        _logger.Warnings.ShouldHaveSingleItem()
            .ShouldEndWith("passed over: they are those of Test here, and this node's are in Test there");
    }

    [Fact]
    public void A_directory_that_is_mounted_elsewhere_is_no_other_store()
    {
        SavedLeases At(string directory) => new(_directory["state"], new(StoreLocation.File, directory), _logger);
        At("/mnt/one").Save(Peers(new PeerLease(_accepted, LeaseVerdict.Accepted, null)));
        At("/mnt/other").Load()!.Leases.ShouldBe([_accepted]);
    }

    [Fact]
    public void The_same_twice_is_written_once()
    {
        SavedLeases leases = Saved;
        PeersSnapshot peers = Peers(new PeerLease(_accepted, LeaseVerdict.Accepted, null));
        leases.Save(peers);
        System.IO.File.Delete(File);
        leases.Save(peers);
        System.IO.File.Exists(File).ShouldBeFalse();
    }

    public void Dispose() => _directory.Dispose();

    private SavedLeases SavedOf(string place) => new(_directory["state"], new("Test", place), _logger);

    private static PeersSnapshot Peers(params PeerLease[] peers) => new(peers, null);

    private static Lease LeaseOf(string node, int number) => new()
    {
        Node = node,
        Subnet = IpPrefix.Parse($"10.244.{number}.0/24"),
        PublicIp = IpAddress.Parse($"192.0.2.{number}"),
        BackendData = new VtepData(new Vni(1), MacAddress.Parse($"02:00:00:00:00:0{number}")),
    };
}
