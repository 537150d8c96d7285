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
    public void AFreshNodeGetsARandomUnicastLocalMacAndKeepsIt()
    {
        MacAddress mac = Load();

        (mac.Value & 0x0300_0000_0000).ShouldBe(0x0200_0000_0000UL);
        Load().ShouldBe(mac);
        File.ReadAllText(StoreFile).ShouldBe($$"""{"VtepMAC":"{{mac}}"}""");
        Directory.GetFileSystemEntries(_directory.Path).ShouldHaveSingleItem();
        _logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void TwoNodesGetTwoMacs()
    {
        using TempDirectory other = new();
        new VtepMacStore(other.Path, _logger).LoadOrChoose().Ipv4.ShouldNotBe(Load());
    }

    [Fact]
    public void TheDirectoryIsMadeWhenMissing()
    {
        VtepMacStore store = new(_directory["a/b"], _logger);
        store.LoadOrChoose().ShouldBe(store.LoadOrChoose());
    }

    [Fact]
    public void AStoredMacIsNotGivenUpForThePublishedOne()
    {
        MacAddress mac = Load();
        Load(Ipv4("own", 9)).ShouldBe(mac);
    }

    [Fact]
    public void ALostFileIsMadeAgainFromThePublishedLease()
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
    public void ADamagedFileIsNamedAndMendedFromThePublishedLease(string damaged)
    {
        File.WriteAllText(StoreFile, damaged);

        Load(Ipv4("own", 9)).ShouldBe(MacAddress.Parse("02:00:00:00:00:09"));

        _logger.Warnings.ShouldHaveSingleItem().ShouldStartWith($"State file {StoreFile} is damaged: ");
        Load().ShouldBe(MacAddress.Parse("02:00:00:00:00:09"));
        _logger.Warnings.Count.ShouldBe(1);
    }

    [Fact]
    public void ADamagedFileWithNothingPublishedGetsANewMac()
    {
        File.WriteAllText(StoreFile, "garbage");
        Load(Ipv4("own", 9) with { BackendData = new(new Vni(1), null) }).ShouldBe(Load());
    }

    [Fact]
    public void AFileThatCannotBeWrittenIsAnErrorInTheLogAndTheMacHoldsForThisRun()
    {
        _ = Directory.CreateDirectory(StoreFile);

        (Load().Value & 0x0300_0000_0000).ShouldBe(0x0200_0000_0000UL);

        _logger.Of(LogLevel.Error).ShouldHaveSingleItem().ShouldContain($"could not be stored in {StoreFile}");
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
        new VtepMacStore(_directory.Path, _logger).LoadOrChoose(published).ShouldBe(expected);
        new VtepMacStore(_directory.Path, _logger).LoadOrChoose().ShouldBe(expected);
    }

    private MacAddress Load(Lease? published = null) => new VtepMacStore(_directory.Path, _logger).LoadOrChoose(published).Ipv4;
}
