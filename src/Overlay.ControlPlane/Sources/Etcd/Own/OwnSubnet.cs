using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Etcd.Keys;

namespace Overlay.ControlPlane.Sources.Etcd.Own;

/// <summary>This node's key: acquired, written, renewed, restored; and replaced when it is lost. Thread-safe.</summary>
internal sealed class OwnSubnet : IDisposable
{
    private static readonly TimeSpan _exhaustedRetry = TimeSpan.FromSeconds(5);

    private readonly EtcdClient _client;
    private readonly EtcdKeys _keys;
    private readonly EtcdSettings _settings;
    private readonly StoreHealth _health;
    private readonly TimeProvider _time;
    private readonly SubnetAllocator _allocator;
    private readonly OwnKey _key;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly SemaphoreSlim _look = new(0, 1);
    private OwnClaim? _claim;
    private volatile OwnName? _name;
    private volatile TaskCompletionSource _renamed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public OwnSubnet(
        EtcdClient client, EtcdKeys keys, EtcdOptions options, EtcdSettings settings, StoreHealth health,
        TimeProvider time, ILogger logger)
    {
        _client = client;
        _keys = keys;
        _settings = settings;
        _health = health;
        _time = time;
        _allocator = new(client, keys, options, health, time, logger);
        _key = new(client, keys, options, settings, _allocator, time, logger);
    }

    /// <summary>The key and this node's name; null before either is known.</summary>
    public OwnName? Name => _name;

    /// <summary>Ends when <see cref="Name"/> is next another one.</summary>
    public Task Renamed => _renamed.Task;

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
                _health.Failed(e.Message);
                wait = backoff.Next();
            }
            finally
            {
                _ = _gate.Release();
            }

            await Task.Delay(wait, _time, cancellationToken);
        }
    }

    /// <summary>Writes this node's lease.</summary>
    /// <exception cref="IOException">The key could not be written; <see cref="RunAsync"/> goes on trying.</exception>
    public async Task PublishAsync(Lease own, CancellationToken cancellationToken)
    {
        if (!SubnetKey.TryOf(new(own.Subnet, own.SubnetV6), out SubnetKey? key))
            throw new ArgumentException(
                $"the lease of {own.Node} has no IPv4 subnet such as 10.244.1.0/24, without which etcd has no key for "
                + "it",
                nameof(own));
        await _gate.WaitAsync(cancellationToken);
        try
        {
            PodCidrRequest request = (_claim?.Request ?? new(own.Node, null, null, new(null, null), null)) with
            {
                PublicIp = own.PublicIp,
                PublicIpV6 = own.PublicIpV6,
                Previous = null,
                VtepMac = own.Vteps.FirstOrDefault()?.Mac,
                VtepMacV6 = own.BackendV6Data?.Mac,
            };
            _claim = new(key, LeaseValue.Format(own), request, own);
            string path = _keys.PathOf(key);
            Rename(new(path, own.Node));
            switch (await _key.EnsureAsync(_claim, cancellationToken))
            {
                case OwnKeyState.Own:
                    SayIsOwn();
                    return;
                case OwnKeyState.Contested:
                    throw new IOException(
                        $"{path} is written by another daemon that says it is "
                        + $"{string.Join(" and ", own.PublicAddresses)}");
                default:
                    throw new IOException($"{path} is another node's by now");
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

    /// <summary>The lease in this node's key as the store has it now.</summary>
    /// <exception cref="EtcdException">etcd does not answer.</exception>
    public async Task<Lease?> FindAsync(string node, CancellationToken cancellationToken)
    {
        if (_name?.Node != node || _claim is not { } claim) return null;
        EtcdKeyValue? entry = await _client.GetAsync(_keys.BytesOf(claim.Key), cancellationToken);
        return entry is null || LeaseValue.Read(claim.Key, entry.Value, entry.Lease == 0).Lease is not { } lease
            ? null
            : lease with { Node = node };
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
            // A look is due already.
        }
    }

    /// <summary>Keeps the key in order, and writes the pod CIDRs of a replacement to the channel.</summary>
    public async Task RunAsync(ChannelWriter<PodCidrs> taken, CancellationToken cancellationToken)
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
                wait = isSettled ? _key.UntilDue() : _exhaustedRetry;
                backoff.Reset();
            }
            catch (EtcdException e) when (!e.IsDefinite)
            {
                _health.Failed(e.Message);
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

            if (reassigned is not null) await taken.WriteAsync(reassigned, cancellationToken);
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
        switch (await _key.EnsureAsync(_claim, cancellationToken))
        {
            case OwnKeyState.Contested:
                _health.Say(
                    Problem,
                    "is written by another daemon too, which says it is "
                    + $"{string.Join(" and ", claim.Lease!.PublicAddresses)}; peers send to what it says until it has "
                    + $"left the key alone for {_key.Quiet.TotalSeconds:0.#} s, when this node writes it again");
                return (null, true);
            case OwnKeyState.Own:
                SayIsOwn();
                return (null, true);
        }

        _health.Say(Problem, "is another node's by now, so this node takes another subnet");
        HeldSubnet? held = await _allocator.TryAcquireAsync(
            claim.Request, await _settings.ReadAsync(cancellationToken), cancellationToken);
        if (held is null) return (null, false);
        _health.Settle(Problem);
        return (Take(held, claim.Request), true);
    }

    private void Rename(OwnName name)
    {
        if (name == _name) return;

        // The name first: who takes the next task has seen it.
        _name = name;
        TaskCompletionSource renamed = _renamed;
        _renamed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        renamed.SetResult();
    }

    private void SayIsOwn()
    {
        if (_key.IsContestRepeated)
            _health.Say(
                Problem,
                "is written by another daemon again and again, such as a flannel on this host: stop it; this node "
                + "writes the key again ever more rarely");
        else _health.Settle(Problem);
    }

    private PodCidrs Take(HeldSubnet held, PodCidrRequest request)
    {
        _key.Take(held);
        _claim = new(held.Key, held.Value, request, null);
        Rename(new(_keys.PathOf(held.Key), request.Node));
        Look();
        return held.Key.PodCidrs;
    }
}
