using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.State;
using Overlay.Testing;
using Overlay.Wire.Values;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

public sealed class VtepMacStoreTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly CollectingLogger<VtepMacStore> _logger = new();

    private string StoreFile => _directory["vtep.json"];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_fresh_node_gets_a_random_unicast_local_MAC_and_keeps_it()
    {
        MacAddress mac = Load();

        (mac.Value & 0x0300_0000_0000).ShouldBe(0x0200_0000_0000UL);
        Load().ShouldBe(mac);
        File.ReadAllText(StoreFile).ShouldBe($$"""{"VtepMAC":"{{mac}}","Node":"own"}""");
        Directory.GetFileSystemEntries(_directory.Path).ShouldHaveSingleItem();
        _logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void Two_nodes_get_two_MACs()
    {
        using TempDirectory other = new();
        new VtepMacStore(other.Path, "own", _logger).LoadOrChoose().Ipv4.ShouldNotBe(Load());
    }

    [Fact]
    public void The_directory_is_made_when_missing()
    {
        VtepMacStore store = new(_directory["a/b"], "own", _logger);
        store.LoadOrChoose().ShouldBe(store.LoadOrChoose());
    }

    [Fact]
    public void A_stored_MAC_is_not_given_up_for_the_published_one()
    {
        MacAddress mac = Load();
        Load(Ipv4("own", 9)).ShouldBe(mac);
    }

    [Fact]
    public void A_lost_file_is_made_again_from_the_published_lease()
    {
        Load(Ipv4("own", 9)).ShouldBe(MacAddress.Parse("02:00:00:00:00:09"));
        Load().ShouldBe(MacAddress.Parse("02:00:00:00:00:09"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"VtepMAC":7}""")]
    [InlineData("""{"VtepMAC":"\ud800"}""")]
    [InlineData("""{"VtepMAC":"02:00"}""")]
    [InlineData("""{"VtepMAC":"00:00:00:00:00:00"}""")]
    [InlineData("""{"VtepMAC":"ff:ff:ff:ff:ff:ff"}""")]
    public void A_damaged_file_is_named_and_mended_from_the_published_lease(string damaged)
    {
        File.WriteAllText(StoreFile, damaged);

        Load(Ipv4("own", 9)).ShouldBe(MacAddress.Parse("02:00:00:00:00:09"));

        _logger.Warnings.ShouldHaveSingleItem().ShouldStartWith($"{StoreFile} cannot be used: ");
        Load().ShouldBe(MacAddress.Parse("02:00:00:00:00:09"));
        _logger.Warnings.Count.ShouldBe(1);
    }

    [Fact]
    public void A_damaged_file_with_nothing_published_gets_a_new_MAC()
    {
        File.WriteAllText(StoreFile, "garbage");
        Load(Ipv4("own", 9) with { BackendData = new(new Vni(1), null) }).ShouldBe(Load());
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_an_error_in_the_log_and_the_MAC_holds_for_this_run()
    {
        _ = Directory.CreateDirectory(StoreFile);

        (Load().Value & 0x0300_0000_0000).ShouldBe(0x0200_0000_0000UL);

        _logger.Of(LogLevel.Error).ShouldHaveSingleItem().ShouldStartWith($"{StoreFile} cannot be written: ");
    }

    [Fact]
    public void A_former_flannel_node_keeps_the_MAC_of_each_of_its_devices()
    {
        Lease published = SampleLeases.Ipv4("a", 1) with
        {
            BackendData = new(new(1), MacAddress.Parse("22:09:62:2c:87:7b")),
            BackendV6Data = new(new(1), MacAddress.Parse("76:6a:49:5c:67:9d")),
        };
        VtepMacs expected = new(MacAddress.Parse("22:09:62:2c:87:7b"), MacAddress.Parse("76:6a:49:5c:67:9d"));
        new VtepMacStore(_directory.Path, "own", _logger).LoadOrChoose(published).ShouldBe(expected);
        new VtepMacStore(_directory.Path, "own", _logger).LoadOrChoose().ShouldBe(expected);
    }

    [Fact]
    public void A_cloned_machine_takes_a_MAC_of_its_own_and_says_why()
    {
        MacAddress mac = Load();

        MacAddress clone = Load(node: "clone");

        clone.ShouldNotBe(mac);
        _logger.Warnings.ShouldHaveSingleItem().ShouldBe(
            $"VTEP MAC {mac} in {StoreFile} is that of node own, so this machine is a clone of it or has another name "
            + "now; this node clone takes another MAC");
        Load(node: "clone").ShouldBe(clone);
        Load(Ipv4("own", 9)).ShouldBe(MacAddress.Parse("02:00:00:00:00:09"), "and the other way round");
    }

    [Fact]
    public void A_renamed_node_keeps_the_MAC_that_it_has_published()
    {
        MacAddress mac = Load();
        Lease published = Ipv4("own", 9) with { BackendData = new(new Vni(1), mac) };
        Load(published, "renamed").ShouldBe(mac);
        Load(node: "renamed").ShouldBe(mac);
        _logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void A_file_without_a_name_belongs_to_the_node_that_has_it_whatever_its_capitals()
    {
        File.WriteAllText(StoreFile, """{"VtepMAC":"02:00:00:00:00:07"}""");
        Load(node: "Own").ShouldBe(MacAddress.Parse("02:00:00:00:00:07"));
        Load().ShouldBe(MacAddress.Parse("02:00:00:00:00:07"));
        File.ReadAllText(StoreFile).ShouldBe("""{"VtepMAC":"02:00:00:00:00:07","Node":"own"}""");
        _logger.Warnings.ShouldBeEmpty();
    }

    private MacAddress Load(Lease? published = null, string node = "own") =>
        new VtepMacStore(_directory.Path, node, _logger).LoadOrChoose(published).Ipv4;
}
