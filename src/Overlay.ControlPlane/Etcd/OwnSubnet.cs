using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Overlay.Wire;

namespace Overlay.ControlPlane;

/// <summary>This node's key: taken, written, renewed, put back; and another one taken when it is lost. Thread-safe.</summary>
/// <remarks>Nothing of another owner is ever overwritten: every write is on the condition that the key is as it was seen.</remarks>
internal sealed class OwnSubnet : IDisposable
{
    private static readonly TimeSpan _exhaustedRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _shortest = TimeSpan.FromMilliseconds(100);

    private readonly EtcdClient _client;
    private readonly EtcdKeys _keys;
    private readonly EtcdOptions _options;
    private readonly EtcdSettings _settings;
    private readonly EtcdHealth _health;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SubnetAllocator _allocator;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly SemaphoreSlim _look = new(0, 1);
    private OwnClaim? _claim;
    private HeldSubnet? _held;
    private byte[]? _lastWritten;
    private long _renewedAt;
    private bool _isPublished;
    private volatile OwnName? _name;

    public OwnSubnet(
        EtcdClient client, EtcdKeys keys, EtcdOptions options, EtcdSettings settings, EtcdHealth health, TimeProvider time, ILogger logger)
    {
        _client = client;
        _keys = keys;
        _options = options;
        _settings = settings;
        _health = health;
        _time = time;
        _logger = logger;
        _allocator = new(client, keys, options, health, logger);
    }

    /// <summary>The key and this node's name; null before either is known.</summary>
    public OwnName? Name => _name;

    private string Problem => $"{_name?.Path} of this node";

    /// <summary>Waits until this node has a subnet.</summary>
    /// <exception cref="InvalidDataException">The network's settings, or this node's, cannot be used.</exception>
    public async Task<PodCidrs> AcquireAsync(PodCidrRequest request, CancellationToken cancellationToken)
    {
        NetworkSettings settings = await _settings.WaitAsync(cancellationToken);
        Backoff backoff = new(_time);
        while (true)
        {
            TimeSpan wait = _exhaustedRetry;
            await _gate.WaitAsync(cancellationToken);
            try
            {
                HeldSubnet? held = await _allocator.TryAcquireAsync(request, settings, cancellationToken);
                _health.Answered();
                if (held is not null) return Take(held, request);
            }
            catch (EtcdException e)
            {
                _health.Away(e.Message);
                wait = backoff.Next();
            }
            finally
            {
                _ = _gate.Release();
            }

            await Task.Delay(wait, _time, cancellationToken);
        }
    }

    /// <summary>Writes what this node is.</summary>
    /// <exception cref="IOException">It could not be written; <see cref="RunAsync"/> goes on trying.</exception>
    public async Task PublishAsync(Lease own, CancellationToken cancellationToken)
    {
        if (!SubnetKey.TryOf(new(own.Subnet, own.SubnetV6), out SubnetKey? key))
            throw new ArgumentException($"the lease of {own.Node} has no IPv4 subnet such as 10.244.1.0/24, without which etcd has no key for it", nameof(own));
        await _gate.WaitAsync(cancellationToken);
        try
        {
            PodCidrRequest request = (_claim?.Request ?? new(own.Node, null, null, new(null, null), null)) with { PublicIp = own.PublicIp, PublicIpV6 = own.PublicIpV6, Previous = null };
            _claim = new(key, LeaseValue.Format(own), request, own);
            _name = new(_keys.PathOf(key), own.Node);
            switch (await EnsureAsync(cancellationToken))
            {
                case OwnKeyState.Own:
                    _health.Settle(Problem);
                    return;
                case OwnKeyState.Contested:
                    throw new IOException($"{_name.Path} is written by another daemon that says it is {string.Join(" and ", own.PublicAddresses)}");
                default:
                    throw new IOException($"{_name.Path} is another node's by now");
            }
        }
        catch (IOException e)
        {
            _health.Say(Problem, $"is not as it should be yet: {e.Message}");
            throw;
        }
        catch (Exception e) when (e is InvalidDataException or KeyNotFoundException)
        {
            _health.Say(Problem, $"is not as it should be yet: {e.Message}");
            throw new IOException(e.Message, e);
        }
        finally
        {
            _ = _gate.Release();
            Look();
        }
    }

    /// <summary>What the store says of the key now.</summary>
    /// <exception cref="EtcdException">etcd does not answer.</exception>
    public async Task<Lease?> FindAsync(string node, CancellationToken cancellationToken)
    {
        if (_name?.Node != node || _claim is not { } claim) return null;
        EtcdKeyValue? entry = await _client.GetAsync(_keys.BytesOf(claim.Key), cancellationToken);
        return entry is null || LeaseValue.Read(claim.Key, entry.Value, entry.Lease == 0).Lease is not { } lease ? null : lease with { Node = node };
    }

    /// <summary>The key may have changed.</summary>
    public void Look()
    {
        try
        {
            _ = _look.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody is on the way to look already.
        }
    }

    /// <summary>Keeps the key as it should be, and tells when it is another one.</summary>
    public async Task RunAsync(ChannelWriter<LeaseUpdate> updates, CancellationToken cancellationToken)
    {
        Backoff backoff = new(_time);
        TimeSpan wait = TimeSpan.Zero;
        while (true)
        {
            _ = await _look.WaitAsync(wait, cancellationToken);
            PodCidrs? reassigned = null;
            await _gate.WaitAsync(cancellationToken);
            try
            {
                (reassigned, bool isSettled) = await KeepAsync(cancellationToken);
                wait = isSettled ? UntilRenewal() : _exhaustedRetry;
                backoff.Reset();
            }
            catch (EtcdException e) when (!e.IsDefinite)
            {
                _health.Away(e.Message);
                wait = backoff.Next();
            }
            catch (Exception e) when (e is EtcdException or InvalidDataException or KeyNotFoundException)
            {
                _health.Say(Problem, $"cannot be looked after: {e.Message}");
                wait = backoff.Next();
            }
            finally
            {
                _ = _gate.Release();
            }

            if (reassigned is not null) await updates.WriteAsync(new LeaseUpdate.Reassigned(reassigned), cancellationToken);
        }
    }

    public void Dispose()
    {
        _gate.Dispose();
        _look.Dispose();
    }

    private async Task<(PodCidrs? Reassigned, bool IsSettled)> KeepAsync(CancellationToken cancellationToken)
    {
        if (_claim is not { } claim) return (null, true);
        switch (await EnsureAsync(cancellationToken))
        {
            case OwnKeyState.Contested:
                _health.Say(Problem, $"is written by another daemon too, which says it is {string.Join(" and ", claim.Lease!.PublicAddresses)}; peers send to what it says until one of the two stops");
                return (null, true);
            case OwnKeyState.Own:
                _health.Settle(Problem);
                return (null, true);
        }

        _health.Say(Problem, "is another node's by now, so this node takes another subnet");
        HeldSubnet? held = await _allocator.TryAcquireAsync(claim.Request, await _settings.ReadAsync(cancellationToken), cancellationToken);
        if (held is null) return (null, false);
        _health.Settle(Problem);
        return (Take(held, claim.Request), true);
    }

    private PodCidrs Take(HeldSubnet held, PodCidrRequest request)
    {
        _held = held;
        _renewedAt = _time.GetTimestamp();
        _isPublished = false;
        _claim = new(held.Key, held.Value, request, null);
        _name = new(_keys.PathOf(held.Key), request.Node);
        Look();
        return held.Key.PodCidrs;
    }

    // The same key again and again until it is as it should be, or not to be had: every other writer changes what is found.
    private async Task<OwnKeyState> EnsureAsync(CancellationToken cancellationToken)
    {
        OwnClaim claim = _claim!;
        if (_held?.Key != claim.Key)
        {
            // A key this run did not take itself: that of saved state, which the network may have grown out of meanwhile.
            (_held, _isPublished) = (null, false);
            if (!new SubnetChoice(claim.Request, await _settings.ReadAsync(cancellationToken)).Allows(claim.Key)) return OwnKeyState.Lost;
        }

        while (true)
        {
            EtcdKeyValue? entry = await _client.GetAsync(_keys.BytesOf(claim.Key), cancellationToken);
            OwnKeyState state = StateOf(entry, claim);
            if (state is OwnKeyState.Lost or OwnKeyState.Contested) return state;
            bool? isDone = entry is null ? await RestoreAsync(claim, cancellationToken) : await UpdateAsync(claim, entry, cancellationToken);
            if (isDone == false) return OwnKeyState.Lost;
            if (isDone is null) continue;
            _isPublished = claim.Lease is not null;
            return OwnKeyState.Own;
        }
    }

    private OwnKeyState StateOf(EtcdKeyValue? entry, OwnClaim claim)
    {
        if (entry is null) return OwnKeyState.Absent;
        byte[] bytes = entry.Value ?? [];
        if (entry.ModRevision == _held?.ModRevision || bytes.AsSpan().SequenceEqual(claim.Value) || bytes.AsSpan().SequenceEqual(_lastWritten)) return OwnKeyState.Own;
        LeaseValue value = LeaseValue.Read(claim.Key, bytes, entry.Lease == 0);

        // What makes no sense is nobody's: the key was ours, or it was somebody's whose value was damaged.
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

    // True when it is done, false when somebody else has the subnet; null when another look is needed.
    private async Task<bool?> RestoreAsync(OwnClaim claim, CancellationToken cancellationToken)
    {
        EtcdList list = await _client.ListAsync(_keys.FirstSubnet, _keys.SubnetsEnd, cancellationToken);
        if (OccupiedSubnet.Of(list, _keys).Any(subnet => subnet.Key != claim.Key && subnet.Key.Prefixes.Any(theirs => claim.Key.Prefixes.Any(theirs.Overlaps))))
            return false;
        long lease = await LiveLeaseAsync(cancellationToken);
        _lastWritten = claim.Value;
        if (await _allocator.CreateAsync(claim.Key, claim.Value, lease, list.Header.Revision, cancellationToken) is not { } held) return null;
        if (_held is not null) _logger.LogWarning("{Key} of this node was gone and is written again", _name?.Path);
        _held = held;
        return true;
    }

    private async Task<bool?> UpdateAsync(OwnClaim claim, EtcdKeyValue entry, CancellationToken cancellationToken)
    {
        bool isReservation = entry.Lease == 0;
        if ((entry.Value ?? []).AsSpan().SequenceEqual(claim.Value) && (isReservation || entry.Lease == _held?.Lease))
        {
            _held = new(claim.Key, claim.Value, entry.ModRevision, entry.Lease);
            if (isReservation || UntilRenewal() > _shortest) return true;
            return await RenewAsync(entry.Lease, cancellationToken) ? true : null;
        }

        long lease = isReservation ? 0 : await LiveLeaseAsync(cancellationToken);
        try
        {
            _lastWritten = claim.Value;
            if (await _allocator.WriteAsync(claim.Key, claim.Value, lease, entry.ModRevision, cancellationToken) is not { } held) return null;
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

    // The lease this run has, if it still lives, else a new one.
    private async Task<long> LiveLeaseAsync(CancellationToken cancellationToken)
    {
        if (_held is { Lease: not 0 } held && await RenewAsync(held.Lease, cancellationToken)) return held.Lease;
        long lease = (await _client.GrantAsync(_options.LeaseTtl, cancellationToken)).Id;
        _renewedAt = _time.GetTimestamp();
        return lease;
    }

    private async Task<bool> RenewAsync(long lease, CancellationToken cancellationToken)
    {
        long now = _time.GetTimestamp();
        bool isAlive = await _client.KeepAliveAsync(lease, cancellationToken);
        if (isAlive) _renewedAt = now;
        return isAlive;
    }

    private TimeSpan UntilRenewal()
    {
        if (_held is not { Lease: not 0 }) return Timeout.InfiniteTimeSpan;
        TimeSpan left = _options.LeaseTtl - _options.RenewMargin - _time.GetElapsedTime(_renewedAt);
        return left > _shortest ? left : _shortest;
    }
}
