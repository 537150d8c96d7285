using System.Text;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.ControlPlane.Sources.Etcd.Own;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Etcd.Watch;

/// <summary>The leases of the store, under the names of their nodes. Not thread-safe.</summary>
/// <remarks>A value that makes no sense keeps the lease its key had before.</remarks>
internal sealed class EtcdLeaseState(EtcdKeys keys, StoreHealth health)
{
    private readonly SortedDictionary<string, Lease> _leases = new(StringComparer.Ordinal);
    private readonly HashSet<string> _damaged = new(StringComparer.Ordinal);

    /// <summary>Takes leases as if they had been read: their keys may be damaged by now.</summary>
    public void Remember(IReadOnlyList<Lease> known)
    {
        foreach (Lease lease in known)
        {
            if (SubnetKey.TryOf(new(lease.Subnet, lease.SubnetV6), out SubnetKey? key))
                _ = _leases.TryAdd(keys.PathOf(key), lease with { Node = key.NodeName });
        }
    }

    /// <summary>Takes a list of all keys.</summary>
    public void Replace(IEnumerable<EtcdKeyValue> list)
    {
        HashSet<string> present = new(StringComparer.Ordinal);
        foreach (EtcdKeyValue key in list)
        {
            if (!keys.TryGetSubnet(key.Key, out _)) continue;
            _ = present.Add(PathOf(key));
            _ = Put(key);
        }

        foreach (string gone in _leases.Keys.Union(_damaged).Where(path => !present.Contains(path)).ToArray())
            Forget(gone);
    }

    /// <summary>Takes changes in their order.</summary>
    /// <returns>The changes of leases.</returns>
    public IReadOnlyList<LeaseEvent> Apply(IEnumerable<EtcdEvent> events, OwnName? own)
    {
        List<LeaseEvent> changes = [];
        foreach (EtcdEvent change in events)
        {
            if (!keys.TryGetSubnet(change.Kv.Key, out _)) continue;
            string path = PathOf(change.Kv);
            Lease? before = _leases.GetValueOrDefault(path);
            if (change.IsDelete) Forget(path);
            else if (!Put(change.Kv)) continue;
            Lease? now = _leases.GetValueOrDefault(path);
            if (now == before) continue;
            changes.Add(now is null
                ? new LeaseEvent.Removed(Named(path, before!, own).Node)
                : new LeaseEvent.Added(Named(path, now, own)));
        }

        return changes;
    }

    /// <summary>Every lease, in the order of the keys.</summary>
    public LeaseUpdate.Snapshot Snapshot(OwnName? own) =>
        new([.. _leases.Select(entry => Named(entry.Key, entry.Value, own))]);

    // A key that is no lease's is shown as far as it is text.
    private static string PathOf(EtcdKeyValue key) =>
        ShownText.Of(Encoding.UTF8.GetString(key.Key), int.MaxValue);

    private static Lease Named(string path, Lease lease, OwnName? own) =>
        own?.Path == path ? lease with { Node = own.Node } : lease;

    private bool Put(EtcdKeyValue entry)
    {
        string path = PathOf(entry);
        _ = keys.TryGetSubnet(entry.Key, out ReadOnlySpan<byte> subnet);
        if (!SubnetKey.TryParse(subnet, out SubnetKey? key))
        {
            Damaged(path, "is not taken: it is no subnet such as 10.244.1.0-24 or 10.244.1.0-24&fd00:10:244:1::-64");
            return false;
        }

        LeaseValue value = LeaseValue.Read(key, entry.Value, isReservation: entry.Lease == 0);
        if (value.Problem is { } problem)
        {
            Damaged(
                path,
                $"is not taken: {problem}. "
                + $"{(_leases.ContainsKey(path) ? "The lease read before stays in force" : "Nothing is known of that node")}");
            return false;
        }

        if (_damaged.Remove(path)) health.Settle(path);
        if (value.Lease is { } lease) _leases[path] = lease;
        else _ = _leases.Remove(path);
        return true;
    }

    private void Damaged(string path, string problem)
    {
        _ = _damaged.Add(path);
        health.Say(path, problem);
    }

    private void Forget(string path)
    {
        _ = _leases.Remove(path);
        _ = _damaged.Remove(path);

        // Every problem of the key, also one that the allocator has found.
        health.Settle(path);
    }
}
