using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Etcd.Own;

/// <summary>This node's key in the store: read, and written where it differs. Not thread-safe.</summary>
/// <remarks>
/// A key of another owner is never overwritten: every write has the condition that the key is as it was read.
/// </remarks>
internal sealed class OwnKey(
    EtcdClient client, EtcdKeys keys, EtcdOptions options, EtcdSettings settings, SubnetAllocator allocator,
    TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan _shortest = TimeSpan.FromMilliseconds(100);

    private readonly KeyContest _contest = new(options.QuietTime, time);
    private HeldSubnet? _held;
    private byte[]? _lastWritten;
    private long _renewedAt;
    private bool _isPublished;

    /// <summary>Another daemon has written over the key again and again.</summary>
    public bool IsContestRepeated => _contest.IsRepeated;

    /// <summary>How long another daemon must leave the key alone before it is written again.</summary>
    public TimeSpan Quiet => _contest.Quiet;

    /// <summary>The allocator has just acquired the key.</summary>
    public void Take(HeldSubnet held)
    {
        _held = held;
        _renewedAt = time.GetTimestamp();
        _isPublished = false;
        _contest.End();
    }

    /// <summary>Writes the key where it differs, and renews its etcd lease when that is due.</summary>
    /// <returns>Own where the key is in order; otherwise the reason.</returns>
    /// <exception cref="EtcdException">etcd does not answer, or refuses.</exception>
    /// <exception cref="KeyNotFoundException">The network has no settings.</exception>
    /// <exception cref="InvalidDataException">The network's settings cannot be used.</exception>
    public async Task<OwnKeyState> EnsureAsync(OwnClaim claim, CancellationToken cancellationToken)
    {
        if (_held?.Key != claim.Key)
        {
            // A key this run did not take itself: that of saved state, which the network may have grown out of
            // meanwhile.
            (_held, _isPublished) = (null, false);
            if (!new SubnetChoice(claim.Request, await settings.ReadAsync(cancellationToken)).Allows(claim.Key))
                return OwnKeyState.Lost;
        }

        // Again until the key is in order, or lost: each round another writer has changed it meanwhile.
        while (true)
        {
            EtcdKeyValue? entry = await client.GetAsync(keys.BytesOf(claim.Key), cancellationToken);
            OwnKeyState state = StateOf(entry, claim);
            if (state is OwnKeyState.Lost
                || (state is OwnKeyState.Contested && !_contest.IsQuiet(entry!.ModRevision))) return state;
            bool? isDone = entry is null
                ? await RestoreAsync(claim, cancellationToken)
                : await UpdateAsync(claim, entry, cancellationToken);
            if (isDone == false) return OwnKeyState.Lost;
            if (isDone is null) continue;
            if (state is OwnKeyState.Contested)
            {
                _contest.Repaired();
                logger.KeyWrittenOver(keys.PathOf(claim.Key));
            }

            _contest.End();
            _isPublished = claim.Lease is not null;
            return OwnKeyState.Own;
        }
    }

    /// <summary>When the key is to be looked at, changed or not; infinite where it need not be.</summary>
    public TimeSpan UntilDue()
    {
        (TimeSpan renewal, TimeSpan contest) = (UntilRenewal(), _contest.UntilDue);
        if (contest == Timeout.InfiniteTimeSpan) return renewal;
        return renewal == Timeout.InfiniteTimeSpan || contest < renewal ? contest : renewal;
    }

    // Infinite where there is no etcd lease.
    private TimeSpan UntilRenewal()
    {
        if (_held is not { Lease: not 0 }) return Timeout.InfiniteTimeSpan;
        TimeSpan left = options.LeaseTtl - options.RenewMargin - time.GetElapsedTime(_renewedAt);
        return left > _shortest ? left : _shortest;
    }

    private OwnKeyState StateOf(EtcdKeyValue? entry, OwnClaim claim)
    {
        if (entry is null) return OwnKeyState.Absent;
        byte[] bytes = entry.Value;
        if (entry.ModRevision == _held?.ModRevision || bytes.AsSpan().SequenceEqual(claim.Value)
            || bytes.AsSpan().SequenceEqual(_lastWritten)) return OwnKeyState.Own;
        LeaseValue value = LeaseValue.Read(claim.Key, bytes, entry.Lease == 0);

        // A value that makes no sense has no owner: the key was ours, or that of a node whose value was damaged.
        if (value.Owner is null) return _held is null ? OwnKeyState.Lost : OwnKeyState.Own;
        if (value.Owner != (claim.Request.PublicIp ?? claim.Request.PublicIpV6)) return OwnKeyState.Lost;
        return _isPublished && IsForeign(value.Lease, claim.Lease) ? OwnKeyState.Contested : OwnKeyState.Own;
    }

    // Our address with MACs of which none is ours.
    private static bool IsForeign(Lease? found, Lease? own)
    {
        MacAddress[] theirs = [.. found?.Vteps.Select(static vtep => vtep.Mac).OfType<MacAddress>() ?? []];
        return theirs.Length > 0 && own?.Vteps.Any(vtep => vtep.Mac is { } mac && theirs.Contains(mac)) == false;
    }

    // True when the key is written, false when another node has the subnet; null when another look is needed.
    private async Task<bool?> RestoreAsync(OwnClaim claim, CancellationToken cancellationToken)
    {
        EtcdList list = await client.ListAsync(keys.FirstSubnet, keys.SubnetsEnd, cancellationToken);
        if (OccupiedSubnet.Of(list, keys).Any(subnet =>
            subnet.Key != claim.Key && subnet.Key.Prefixes.Any(theirs => claim.Key.Prefixes.Any(theirs.Overlaps))))
            return false;
        long lease = await LiveLeaseAsync(cancellationToken);
        _lastWritten = claim.Value;
        if (await allocator.CreateAsync(
            claim.Key, claim.Value, lease, list.Header.Revision, cancellationToken) is not { } held) return null;
        if (_held is not null) logger.KeyWrittenAgain(keys.PathOf(claim.Key));
        _held = held;
        return true;
    }

    private async Task<bool?> UpdateAsync(OwnClaim claim, EtcdKeyValue entry, CancellationToken cancellationToken)
    {
        bool isReservation = entry.Lease == 0;
        if (entry.Value.AsSpan().SequenceEqual(claim.Value) && (isReservation || entry.Lease == _held?.Lease))
        {
            _held = new(claim.Key, claim.Value, entry.ModRevision, entry.Lease);
            if (isReservation || UntilRenewal() > _shortest) return true;
            return await RenewAsync(entry.Lease, cancellationToken) ? true : null;
        }

        long lease = isReservation ? 0 : await LiveLeaseAsync(cancellationToken);
        try
        {
            _lastWritten = claim.Value;
            if (await allocator.WriteAsync(
                claim.Key, claim.Value, lease, entry.ModRevision, cancellationToken) is not { } held) return null;
            _held = held;
            return true;
        }
        catch (EtcdException e) when (e.IsLeaseNotFound)
        {
            // Ended between two requests.
            _held = _held is null ? null : _held with { Lease = 0 };
            return null;
        }
    }

    // The lease this run has, if it still lives, else another one.
    private async Task<long> LiveLeaseAsync(CancellationToken cancellationToken)
    {
        if (_held is { Lease: not 0 } held && await RenewAsync(held.Lease, cancellationToken)) return held.Lease;
        long lease = await allocator.LeaseAsync(cancellationToken);
        _renewedAt = time.GetTimestamp();
        return lease;
    }

    private async Task<bool> RenewAsync(long lease, CancellationToken cancellationToken)
    {
        long now = time.GetTimestamp();
        bool isAlive = await client.KeepAliveAsync(lease, cancellationToken);
        if (isAlive) _renewedAt = now;
        return isAlive;
    }
}
