using Overlay.Dataplane.Ebpf.Loading;
using Overlay.Host.Interop;

namespace Overlay.Dataplane.Ebpf.Maps;

/// <summary>All maps of the programs. Owned by the tier.</summary>
/// <remarks>
/// Memory in the kernel: a route takes some 70 bytes (IPv4) or 80 (IPv6) where it is there, ov_peer 512 KiB, and
/// ov_traffic 512 KiB for each processor.
/// </remarks>
public sealed class TierMaps : IDisposable
{
    private readonly Dictionary<string, BpfMap> _maps;

    private TierMaps(Dictionary<string, BpfMap> maps, bool isAdopted)
    {
        _maps = maps;
        IsAdopted = isAdopted;
        Config = new(maps["ov_cfg"]);
        RoutesV4 = new(maps["ov_rt4"]);
        RoutesV6 = new(maps["ov_rt6"]);
        Peers = new(maps["ov_peer"]);
        Vteps = new(maps["ov_vtep"]);
        Strangers = new(maps["ov_stranger"]);
        Counts = new(maps["ov_cnt"]);
        Traffic = new(maps["ov_traffic"]);
    }

    /// <summary>For the loader.</summary>
    public IReadOnlyDictionary<string, BpfMap> ByName => _maps;

    /// <summary>An earlier process has made and filled them.</summary>
    public bool IsAdopted { get; }

    /// <summary>Row 0 is the only one.</summary>
    public TypedMap<uint, ConfigEntry> Config { get; }

    public TypedMap<RouteKeyV4, Target> RoutesV4 { get; }

    public TypedMap<RouteKeyV6, Target> RoutesV6 { get; }

    /// <summary>By <see cref="Target.Peer"/>.</summary>
    public TypedMap<uint, PeerEntry> Peers { get; }

    /// <summary>By underlay address.</summary>
    public TypedMap<AddressBytes, Target> Vteps { get; }

    /// <summary>By outer source, until it is taken out.</summary>
    public TypedMap<AddressBytes, StrangerEntry> Strangers { get; }

    /// <summary>Rows as Programs/tables.h numbers them.</summary>
    public ProcessorMap<TrafficCount> Counts { get; }

    /// <summary>By <see cref="Target.Peer"/>.</summary>
    public ProcessorMap<PeerTraffic> Traffic { get; }

    /// <summary>Most peers, row 0 included.</summary>
    public int PeerCapacity => (int)_maps["ov_peer"].Definition.MaxEntries;

    /// <summary>Makes the maps of an object, empty and unpinned.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public static TierMaps Create(BpfObject source)
    {
        Dictionary<string, BpfMap> maps = [];
        return Filled(maps, isAdopted: false, () =>
        {
            foreach ((string name, MapDefinition definition) in source.Maps)
                maps[name] = BpfMap.Create(name, definition);
        });
    }

    /// <summary>
    /// Opens the maps that are pinned in a directory of a bpffs, where all are there in this version; else makes and
    /// pins new ones.
    /// </summary>
    /// <param name="source">Its definitions have to be those of the maps.</param>
    /// <param name="directory">Made where it is missing; each version has a subdirectory of its own.</param>
    /// <exception cref="LinuxException">The kernel refused; EPERM or EINVAL: the directory is on no bpffs.</exception>
    public static TierMaps Open(BpfObject source, string directory)
    {
        string pins = PinPaths.Maps(directory);
        _ = Directory.CreateDirectory(pins, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (TryAdopt(source, pins) is { } adopted) return adopted;
        foreach (string name in source.Maps.Keys) File.Delete(Path.Combine(pins, name));
        TierMaps maps = Create(source);
        return Filled(maps._maps, isAdopted: false, () =>
        {
            foreach ((string name, BpfMap map) in maps._maps) map.Pin(Path.Combine(pins, name));
        });
    }

    public void Dispose() => Close(_maps);

    private static TierMaps? TryAdopt(BpfObject source, string pins)
    {
        Dictionary<string, BpfMap> maps = [];
        TierMaps? adopted = Filled(maps, isAdopted: true, () =>
        {
            foreach ((string name, MapDefinition definition) in source.Maps)
            {
                if (BpfMap.Open(name, definition, Path.Combine(pins, name)) is { } map) maps[name] = map;
            }
        }, source.Maps.Count);
        if (adopted is null) return null;
        if (adopted.Config.TryLookup(0, out ConfigEntry config) && config.Abi is 0 or ConfigEntry.CurrentAbi)
            return adopted;
        adopted.Dispose();
        return null;
    }

    private static TierMaps? Filled(Dictionary<string, BpfMap> maps, bool isAdopted, Action fill, int wanted)
    {
        try
        {
            fill();
            if (maps.Count == wanted) return new TierMaps(maps, isAdopted);
        }
        catch
        {
            Close(maps);
            throw;
        }

        Close(maps);
        return null;
    }

    private static TierMaps Filled(Dictionary<string, BpfMap> maps, bool isAdopted, Action fill)
    {
        try
        {
            fill();
            return new TierMaps(maps, isAdopted);
        }
        catch
        {
            Close(maps);
            throw;
        }
    }

    private static void Close(Dictionary<string, BpfMap> maps)
    {
        foreach (BpfMap map in maps.Values) map.Dispose();
    }
}
