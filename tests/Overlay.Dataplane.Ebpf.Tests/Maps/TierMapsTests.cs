using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Host.Interop;
using Overlay.Testing;

namespace Overlay.Dataplane.Ebpf.Tests;

public sealed class TierMapsTests : IDisposable
{
    private readonly BpfDirectory _bpffs = new();
    private readonly BpfObject _source = BpfObject.ReadEmbedded();

    private string Pins => Path.Combine(_bpffs.Path, "network");

    [Fact]
    public void Pinned_maps_are_adopted_with_what_is_in_them()
    {
        using (TierMaps maps = TierMaps.Open(_source, Pins))
        {
            maps.IsAdopted.ShouldBeFalse();
            maps.Vteps.Update(new AddressBytes(1, 2, 3, 4), new Target(5, 6));
        }

        using TierMaps adopted = TierMaps.Open(_source, Pins);
        adopted.IsAdopted.ShouldBeTrue();
        adopted.Vteps.TryLookup(new AddressBytes(1, 2, 3, 4), out Target target).ShouldBeTrue();
        target.ShouldBe(new Target(5, 6));
        File.GetUnixFileMode(Path.Combine(Pins, $"abi{ConfigEntry.CurrentAbi}"))
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("of another size")]
    [InlineData("of another version")]
    public void Maps_that_do_not_fit_are_made_anew_all_of_them(string fault)
    {
        using (TierMaps maps = TierMaps.Open(_source, Pins))
        {
            maps.Vteps.Update(new AddressBytes(1, 2, 3, 4), new Target(5, 6));
            uint abi = fault == "of another version" ? 99 : ConfigEntry.CurrentAbi;
            maps.Config.Update(0, new ConfigEntry { Abi = abi });
        }

        string pin = Path.Combine(Pins, $"abi{ConfigEntry.CurrentAbi}", "ov_peer");
        if (fault != "of another version") File.Delete(pin);
        if (fault == "of another size")
        {
            using BpfMap other = BpfMap.Create("ov_peer", _source.Maps["ov_peer"] with { MaxEntries = 7 });
            other.Pin(pin);
        }

        for (int i = 0; i < 2; i++)
        {
            using TierMaps maps = TierMaps.Open(_source, Pins);
            maps.IsAdopted.ShouldBe(i == 1, "the new ones are pinned");
            maps.Vteps.ReadAll().ShouldBeEmpty();
        }
    }

    [Fact]
    public void Maps_of_other_versions_are_unpinned_by_name_and_this_ones_stay()
    {
        TierMaps.Open(_source, Pins).Dispose();
        string old = Directory.CreateDirectory(Path.Combine(Pins, "abi0")).FullName;
        using (BpfMap map = BpfMap.Create("ov_cfg", _source.Maps["ov_cfg"])) map.Pin(Path.Combine(old, "ov_cfg"));
        PinPaths.RemoveOtherVersions(Pins);
        Directory.Exists(old).ShouldBeFalse();
        using TierMaps maps = TierMaps.Open(_source, Pins);
        maps.IsAdopted.ShouldBeTrue();
    }

    [Fact]
    public void A_directory_on_no_bpffs_is_refused_by_its_path()
    {
        using TempDirectory plain = new();
        Should.Throw<LinuxException>(() => TierMaps.Open(_source, plain.Path)).Message.ShouldContain(plain.Path);
    }

    [Fact]
    public void A_map_of_another_layout_is_refused_by_its_name()
    {
        using BpfMap map = BpfMap.Create("narrow", new MapDefinition(2, 4, 8, 1, 0));
        Should.Throw<InvalidDataException>(() => new TypedMap<uint, PeerEntry>(map)).Message
            .ShouldBe("map narrow has values of 8 bytes, and this program of 28");
        Should.Throw<InvalidDataException>(() => new ProcessorMap<PeerTraffic>(map)).Message.ShouldContain("narrow");
    }

    [Theory]
    [InlineData("0", 1)]
    [InlineData("0-3\n", 4)]
    [InlineData("0-1,4,8-11", 7)]
    public void Possible_processors_are_counted(string list, int expected) =>
        Processors.Count(list).ShouldBe(expected);

    [Fact]
    public void The_counters_of_all_processors_are_summed_and_cleared()
    {
        using BpfMap map = BpfMap.Create("sums", new MapDefinition(6, 4, 16, 2, 0));
        byte[] values = new byte[map.ValueLength];
        for (int i = 0; i < values.Length; i += 16)
        {
            BitConverter.TryWriteBytes(values.AsSpan(i), 3L);
            BitConverter.TryWriteBytes(values.AsSpan(i + 8), 50L);
        }

        map.Update(BitConverter.GetBytes(1u), values);
        ProcessorMap<TrafficCount> counts = new(map);
        int processors = values.Length / 16;
        counts.Sum(1).ShouldBe(new TrafficCount(3 * processors, 50 * processors));
        counts.Sum(0).ShouldBe(default);
        counts.Clear(1);
        counts.Sum(1).ShouldBe(default);
    }

    public void Dispose() => _bpffs.Dispose();
}
