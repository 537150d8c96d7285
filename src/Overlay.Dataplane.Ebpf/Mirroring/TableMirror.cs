using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Dataplane.Forwarding;
using Overlay.Host.Interop;
using Overlay.Wire.Values;

namespace Overlay.Dataplane.Ebpf.Mirroring;

/// <summary>Mirrors the forwarding table into the programs' maps.</summary>
/// <remarks>
/// New entries are written first, peer before VTEP before route, and old ones are removed last, the other way round:
/// a program that runs meanwhile meets either the former or the new entry of a prefix, and never an empty place. The
/// first table, and one after a failure, is compared with all that the maps have, be it an earlier process's.
/// </remarks>
public sealed class TableMirror : ITableFollower
{
    private readonly TierMaps _maps;
    private readonly TierConfig _config;
    private readonly Lock _mirroring = new();
    private PeerNumbers _numbers;
    private readonly Dictionary<uint, PeerTraffic> _collected = [];
    private bool _isSure;
    private bool _hadLocal;

    internal TableMirror(TierMaps maps, TierConfig config)
    {
        _maps = maps;
        _config = config;
        _numbers = new PeerNumbers(maps.PeerCapacity);
    }

    /// <summary>The maps have all of the last table.</summary>
    public bool IsComplete
    {
        get
        {
            lock (_mirroring) return _isSure;
        }
    }

    /// <summary>VTEPs that are in the maps.</summary>
    public int VtepCount
    {
        get
        {
            lock (_mirroring) return _numbers.Count;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Before the first table with an own end of the tunnels an earlier process's maps are left as they are.
    /// </remarks>
    /// <exception cref="LinuxException">The kernel refused; the next table is compared as a whole.</exception>
    /// <exception cref="InvalidOperationException">
    /// There are more VTEPs than the maps have room for; those that have room are in them.
    /// </exception>
    public void Follow(ForwardingTable table, TableChange change)
    {
        lock (_mirroring)
        {
            _hadLocal |= table.Local is not null;
            if (!_hadLocal && _maps.IsAdopted) return;
            bool isSure = _isSure;
            _isSure = false;
            int left = isSure ? Apply(change) : Compare(table);
            _config.SetLocal(table.Local);
            if (left > 0)
                throw new InvalidOperationException(
                    $"{left} VTEPs have no room in the kernel's maps, which take {_maps.PeerCapacity - 1}");
            _isSure = true;
        }
    }

    /// <summary>Packets and bytes of every VTEP since it came into the maps.</summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public IReadOnlyList<(RemoteVtep Vtep, PeerTraffic Traffic)> ReadTraffic()
    {
        List<(RemoteVtep, PeerTraffic)> rows = [];
        lock (_mirroring)
        {
            foreach ((RemoteVtep vtep, Target target) in _numbers.All) rows.Add((vtep, _maps.Traffic.Sum(target.Peer)));
        }

        return rows;
    }

    /// <summary>
    /// Adds to each VTEP's <see cref="RemoteVtep.Traffic"/> what the programs have counted since the last call. Call it
    /// every few seconds, and before a report.
    /// </summary>
    /// <exception cref="LinuxException">The kernel refused.</exception>
    public void CollectTraffic()
    {
        lock (_mirroring)
        {
            foreach ((RemoteVtep vtep, Target target) in _numbers.All)
            {
                PeerTraffic now = _maps.Traffic.Sum(target.Peer);
                PeerTraffic before = _collected.GetValueOrDefault(target.Peer);
                if (now == before) continue;
                vtep.Traffic.AddEgress(
                    now.Egress.Packets - before.Egress.Packets, now.Egress.Bytes - before.Egress.Bytes);
                vtep.Traffic.AddIngress(
                    now.Ingress.Packets - before.Ingress.Packets, now.Ingress.Bytes - before.Ingress.Bytes);
                _collected[target.Peer] = now;
            }
        }
    }

    private int Apply(TableChange change)
    {
        int left = 0;
        HashSet<IpAddress> kept = [];
        foreach (RemoteVtep vtep in change.VtepsAdded)
        {
            _ = kept.Add(vtep.Address);
            if (!TryAdd(vtep, default)) left++;
        }

        HashSet<IpPrefix> replaced = [];
        foreach (Route route in change.Added)
        {
            _ = replaced.Add(route.Prefix);
            if (TargetOf(route) is { } target) Write(route.Prefix, target);
        }

        foreach (Route route in change.Removed)
        {
            if (!replaced.Contains(route.Prefix)) Remove(route.Prefix);
        }

        foreach (RemoteVtep vtep in change.VtepsRemoved)
        {
            if (kept.Contains(vtep.Address) || !_numbers.TryRelease(vtep.Address, out Target target)) continue;
            _ = _maps.Vteps.TryDelete(AddressBytes.Of(vtep.Address));
            _maps.Peers.Update(target.Peer, default);
        }

        _numbers.Settle();
        return left;
    }

    private int Compare(ForwardingTable table)
    {
        MapContents there = MapContents.Read(_maps);
        _numbers = new PeerNumbers(_maps.PeerCapacity);

        // Those that are there keep their numbers, so that no route has to be written again.
        int left = 0;
        List<RemoteVtep> others = [];
        foreach (RemoteVtep vtep in table.Fdb.Rows)
        {
            if (!there.Vteps.Remove(AddressBytes.Of(vtep.Address), out Target known)) others.Add(vtep);
            else if (!TryAdd(vtep, known)) left++;
        }

        there.ReserveNumbers(_numbers);
        foreach (RemoteVtep vtep in others)
        {
            if (!TryAdd(vtep, default)) left++;
        }

        foreach (Route route in table.Routes)
        {
            if (TargetOf(route) is not { } target) continue;
            bool isThere = there.Take(route.Prefix, out Target known) && known == target;
            if (!isThere) Write(route.Prefix, target);
        }

        there.RemoveRest(_maps, _numbers);
        _numbers.Settle();
        return left;
    }

    private bool TryAdd(RemoteVtep vtep, Target wanted)
    {
        if (_numbers.Assign(vtep, wanted, out bool isNew) is not { } target) return false;
        if (isNew && target.Peer != wanted.Peer)
        {
            _maps.Traffic.Clear(target.Peer);
            _ = _collected.Remove(target.Peer);
        }
        else if (isNew) _ = _collected.TryAdd(target.Peer, _maps.Traffic.Sum(target.Peer));

        PeerEntry entry = PeerEntry.Of(vtep.Address, vtep.Mac);
        bool isThere = _maps.Peers.TryLookup(target.Peer, out PeerEntry known) && known == entry;
        if (!isThere) _maps.Peers.Update(target.Peer, entry);
        if (target != wanted) _maps.Vteps.Update(AddressBytes.Of(vtep.Address), target);
        return true;
    }

    // Null where the VTEP has found no room.
    private Target? TargetOf(Route route)
    {
        if (route.Via is null) return Target.OwnNode;
        return _numbers.TryFind(route.Via.Address, out Target target) ? target : null;
    }

    private void Write(IpPrefix prefix, Target target)
    {
        if (prefix.Family == IpFamily.IPv4) _maps.RoutesV4.Update(RouteKeyV4.Of(prefix), target);
        else _maps.RoutesV6.Update(RouteKeyV6.Of(prefix), target);
    }

    private void Remove(IpPrefix prefix)
    {
        if (prefix.Family == IpFamily.IPv4) _ = _maps.RoutesV4.TryDelete(RouteKeyV4.Of(prefix));
        else _ = _maps.RoutesV6.TryDelete(RouteKeyV6.Of(prefix));
    }
}
