using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Etcd.Own;

/// <summary>
/// Takes a subnet for this node in the store, as flannel does: its own again, else the previous, else a free one.
/// </summary>
/// <remarks>
/// Everything is written on the condition that it is as it was when it was looked at. A new key is made only if no key
/// at all was made meanwhile: another one may overlap without having the same name.
/// </remarks>
internal sealed class SubnetAllocator(
    EtcdClient client, EtcdKeys keys, EtcdOptions options, StoreHealth health, TimeProvider time, ILogger logger)
{
    private readonly MacAddress _newMac = MacAddress.FromRandom(BitConverter.GetBytes(Random.Shared.NextInt64()));

    // Granted for an attempt that failed. A key may go with it all the same, so it is used again rather than revoked.
    private long _unusedLease;

    /// <summary>The subnet; null while there is none left.</summary>
    /// <exception cref="EtcdException">etcd does not answer.</exception>
    /// <exception cref="InvalidDataException">What the node is configured to cannot be.</exception>
    public async Task<HeldSubnet?> TryAcquireAsync(
        PodCidrRequest request, NetworkSettings settings, CancellationToken cancellationToken)
    {
        SubnetChoice choice = new(request, settings);
        Backoff backoff = new(time, options.RaceWait, 10 * options.RaceWait);
        for (int attempt = 0; ; attempt++)
        {
            if (attempt == 1) logger.SubnetRaced(keys.Subnets, request.Node);
            if (attempt > 0) await backoff.WaitAsync(cancellationToken);
            EtcdList list = await client.ListAsync(keys.FirstSubnet, keys.SubnetsEnd, cancellationToken);
            IReadOnlyList<OccupiedSubnet> occupied = OccupiedSubnet.Of(list, keys);

            // Pods have addresses of what this node had; else an operator's reservation comes before what it once chose
            // itself.
            OccupiedSubnet[] own =
            [
                .. occupied.Where(subnet => IsOf(request, subnet.Owner))
                    .OrderBy(subnet => choice.IsExpected(subnet.Key) ? 0 : 1)
                    .ThenBy(static subnet => subnet.IsReservation ? 0 : 1),
            ];
            OccupiedSubnet? kept = own.FirstOrDefault(subnet => choice.Fits(subnet.Key));
            MacAddress[] macs = OwnMacs(request, kept, choice);
            OccupiedSubnet[] doubtful = [.. own.Where(subnet =>
                subnet != kept && !subnet.IsReservation && subnet.Macs.Any() && !subnet.Macs.Any(macs.Contains))];
            foreach (OccupiedSubnet subnet in doubtful) Doubt(subnet);
            if (!await GiveBackAsync(own.Where(subnet => subnet != kept).Except(doubtful), choice, cancellationToken))
                continue;
            IEnumerable<OccupiedSubnet> taken = occupied.Except(own.Where(static subnet => !subnet.IsReservation))
                .Concat(doubtful);
            SubnetKey? key = kept?.Key ?? choice.Choose([.. taken.SelectMany(static subnet => subnet.Key.Prefixes)]);
            if (key is null)
            {
                health.Say(
                    keys.Subnets,
                    $"has no subnet left for {request.Node}: {occupied.Count} keys take up {choice.Ranges}; another "
                    + $"one is waited for, or a larger range in {keys.Config} and a restart");
                await RevokeUnusedAsync(cancellationToken);
                return null;
            }

            if (kept is { IsReservation: true })
            {
                await RevokeUnusedAsync(cancellationToken);
                return Taken(new(key, kept.Entry.Value, kept.Entry.ModRevision, 0), "reserved");
            }

            long lease = await LeaseAsync(cancellationToken);
            HeldSubnet? held = kept is null
                ? await CreateAsync(
                    key, LeaseValue.Format(First(request, settings)), lease, list.Header.Revision, cancellationToken)
                : await WriteAsync(key, kept.Entry.Value, lease, kept.Entry.ModRevision, cancellationToken);
            if (held is not null) return Taken(held, kept is null ? "new" : "kept");
        }
    }

    /// <summary>
    /// An etcd lease for a key that is about to be written: that of an attempt that failed, where there is one, else a
    /// new one.
    /// </summary>
    /// <exception cref="EtcdException">etcd does not answer.</exception>
    public async Task<long> LeaseAsync(CancellationToken cancellationToken)
    {
        if (_unusedLease == 0 || !await client.KeepAliveAsync(_unusedLease, cancellationToken))
            _unusedLease = await client.GrantAsync(options.LeaseTtl, cancellationToken);
        return _unusedLease;
    }

    /// <summary>Makes the key, unless any key of a lease was made after that revision; null then.</summary>
    /// <exception cref="EtcdException">etcd does not answer. The key may have been made.</exception>
    public Task<HeldSubnet?> CreateAsync(
        SubnetKey key, byte[] value, long lease, long revision, CancellationToken cancellationToken) =>
        CommitAsync(
            [
                EtcdCondition.Absent(keys.BytesOf(key)),
                EtcdCondition.NoneNewer(keys.FirstSubnet, keys.SubnetsEnd, revision),
            ],
            new(key, value, 0, lease), cancellationToken);

    /// <summary>Writes the key, unless it was written after that revision; null then.</summary>
    /// <exception cref="EtcdException">etcd does not answer. The key may have been written.</exception>
    public Task<HeldSubnet?> WriteAsync(
        SubnetKey key, byte[] value, long lease, long modRevision, CancellationToken cancellationToken) =>
        CommitAsync(
            [EtcdCondition.Unchanged(keys.BytesOf(key), modRevision)], new(key, value, 0, lease), cancellationToken);

    // flannel knows a node by its IPv4 address; one without is known by the other.
    private static bool IsOf(PodCidrRequest request, IpAddress? owner) =>
        owner is { } address && address == (request.PublicIp ?? request.PublicIpV6);

    // A key that is this node's only by its address proves no more than the others do, unless there is nothing better.
    private static MacAddress[] OwnMacs(PodCidrRequest request, OccupiedSubnet? kept, SubnetChoice choice)
    {
        IEnumerable<MacAddress> proven = kept is not null
            && (choice.IsExpected(kept.Key) || request.VtepMac is null) ? kept.Macs : [];
        return request.VtepMac is { } mac ? [.. proven, mac] : [.. proven];
    }

    // Complete from the first write on: flannel logs a value without a MAC as an error, and peers need no second event.
    // A node without a MAC yet takes the one that it finds in its key.
    private Lease First(PodCidrRequest request, NetworkSettings settings)
    {
        MacAddress mac = request.VtepMac ?? _newMac;
        return new()
        {
            Node = request.Node,
            PublicIp = request.PublicIp,
            PublicIpV6 = request.PublicIpV6,
            BackendData = request.PublicIp is null ? null : new(settings.Vni, mac),
            BackendV6Data = request.PublicIpV6 is null ? null : new(settings.Vni, request.VtepMacV6 ?? mac),
        };
    }

    // A copied configuration, or an address that moved: deleting the key would cut off that node's pods.
    private void Doubt(OccupiedSubnet subnet) => health.Say(
        keys.PathOf(subnet.Key),
        $"says it is this node's, {subnet.Owner}, with the VTEP MAC {string.Join(" and ", subnet.Macs)}, which is not "
        + "this node's: it is left alone; give each node an address of its own, or delete the key");

    // Of two subnets behind one address, peers could believe only one.
    private async Task<bool> GiveBackAsync(
        IEnumerable<OccupiedSubnet> own, SubnetChoice choice, CancellationToken cancellationToken)
    {
        bool isGiven = true;
        foreach (OccupiedSubnet subnet in own)
        {
            if (subnet.IsReservation)
            {
                if (!choice.Fits(subnet.Key))
                    health.Say(
                        keys.PathOf(subnet.Key),
                        $"is reserved for this node, {subnet.Owner}, and not used: it does not fit {keys.Config} or "
                        + $"this node's own configuration, which allow {choice.Ranges}");
                continue;
            }

            byte[] key = keys.BytesOf(subnet.Key);
            bool isDeleted = (await client.CommitAsync(
                [EtcdCondition.Unchanged(key, subnet.Entry.ModRevision)], EtcdOperation.Delete(key),
                cancellationToken)).Succeeded;
            if (isDeleted) logger.SubnetGivenBack(keys.PathOf(subnet.Key), subnet.Owner);
            isGiven &= isDeleted;
        }

        return isGiven;
    }

    private async Task RevokeUnusedAsync(CancellationToken cancellationToken)
    {
        (long lease, _unusedLease) = (_unusedLease, 0);
        if (lease != 0) await client.RevokeAsync(lease, cancellationToken);
    }

    private HeldSubnet Taken(HeldSubnet held, string how)
    {
        health.Settle(keys.Subnets);
        logger.SubnetHeld(held.Key.PodCidrs, how, keys.PathOf(held.Key));
        return held;
    }

    private async Task<HeldSubnet?> CommitAsync(
        IReadOnlyList<EtcdCondition> conditions, HeldSubnet held, CancellationToken cancellationToken)
    {
        EtcdOutcome outcome = await client.CommitAsync(
            conditions, EtcdOperation.Put(keys.BytesOf(held.Key), held.Value, held.Lease), cancellationToken);
        if (!outcome.Succeeded) return null;
        if (held.Lease == _unusedLease) _unusedLease = 0;
        return held with { ModRevision = outcome.Revision };
    }
}
