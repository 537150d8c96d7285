using System.Text;
using System.Threading.Channels;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.ControlPlane.Sources.Etcd.Own;
using Overlay.ControlPlane.Trust;

namespace Overlay.ControlPlane.Sources.Etcd.Watch;

/// <summary>Follows the network's keys: a list, then a watch from the next revision on, for ever.</summary>
/// <remarks>
/// Changes that were compacted away, and a store that is another one or has gone back, lead to a new list; anything
/// else to another watch from where the last one ended. A store with neither settings nor leases is not believed.
/// </remarks>
internal sealed class EtcdFollower(
    EtcdClient client, EtcdKeys keys, EtcdLeaseState state, EtcdSettings settings, OwnSubnet own, StoreHealth health,
    TimeProvider time)
{
    private readonly Backoff _backoff = new(time);
    private EtcdHeader _at = new(0, 0);
    private OwnName? _told;
    private bool _wasListed;

    public async Task RunAsync(ChannelWriter<LeaseUpdate> updates, CancellationToken cancellationToken)
    {
        bool isListed = false;
        while (true)
        {
            try
            {
                if (!isListed && !await ListAsync(updates, cancellationToken))
                {
                    await _backoff.WaitAsync(cancellationToken);
                    continue;
                }

                isListed = true;
                isListed = await ReadWatchAsync(updates, cancellationToken);
                health.WatchEnded(isListed ? WatchEnd.Ended : WatchEnd.Gone);
            }
            catch (EtcdException e)
            {
                if (isListed) health.WatchEnded(WatchEnd.Failed);
                isListed = _at.Revision > 0;
                health.Failed(e.Message);
                await _backoff.WaitAsync(cancellationToken);
            }
        }
    }

    private async Task<bool> ListAsync(ChannelWriter<LeaseUpdate> updates, CancellationToken cancellationToken)
    {
        EtcdList list = await client.ListAsync(keys.First, keys.End, cancellationToken);
        settings.Notice(list.Keys.FirstOrDefault(key => keys.IsConfig(key.Key))?.Value);
        if (!StoreBelief.IsNetwork(
            list.Keys.Any(key => keys.IsConfig(key.Key)), list.Keys.Any(key => keys.TryGetSubnet(key.Key, out _))))
        {
            health.Answered();
            _at = new(0, 0);
            return false;
        }

        state.Replace(list.Keys);
        await TellAsync(updates, null, cancellationToken);
        _at = list.Header;
        health.Synced($"{_at.Revision}");
        if (_wasListed) health.Relisted();
        _wasListed = true;
        own.Look();
        return true;
    }

    /// <summary>Until the watch ends by itself; false when a list is needed.</summary>
    private async Task<bool> ReadWatchAsync(ChannelWriter<LeaseUpdate> updates, CancellationToken cancellationToken)
    {
        using EtcdWatch watch = await client.WatchAsync(keys.First, keys.End, _at.Revision + 1, cancellationToken);
        while (await NextAsync(watch, updates, cancellationToken) is { } message)
        {
            if (message.CompactRevision > 0) return false;
            if (message.Created)
            {
                // Restored from a backup, or emptied: what is known has to be compared, not continued.
                if (message.Header.ClusterId != _at.ClusterId || message.Header.Revision < _at.Revision) return false;
            }
            else if (message.Events is [.., EtcdEvent last] events)
            {
                await TakeAsync(events, updates, cancellationToken);
                _at = _at with { Revision = last.Kv.ModRevision };
                _backoff.Reset();
            }
            else if (message.Header.Revision > _at.Revision) _at = _at with { Revision = message.Header.Revision };

            health.Synced($"{_at.Revision}");
        }

        _backoff.Reset();
        return true;
    }

    // The next message. Leases get their names anew where this node's key becomes another one meanwhile: its event may
    // have come before the answer that says so.
    private async Task<EtcdWatchMessage?> NextAsync(
        EtcdWatch watch, ChannelWriter<LeaseUpdate> updates, CancellationToken cancellationToken)
    {
        Task<EtcdWatchMessage?> next = watch.ReadAsync(cancellationToken);
        do
        {
            Task renamed = own.Renamed;
            if (own.Name != _told) await TellAsync(updates, null, cancellationToken);
            _ = await Task.WhenAny(next, renamed);
        }
        while (!next.IsCompleted);

        return await next;
    }

    private async Task TakeAsync(
        IReadOnlyList<EtcdEvent> events, ChannelWriter<LeaseUpdate> updates, CancellationToken cancellationToken)
    {
        OwnName? name = own.Name;
        IReadOnlyList<LeaseEvent> changes = state.Apply(events, name);
        if (name != _told || changes.Count > 0) await TellAsync(updates, changes, cancellationToken);
        foreach (EtcdEvent change in events)
        {
            if (keys.IsConfig(change.Kv.Key)) settings.Notice(change.IsDelete ? null : change.Kv.Value);
            else if (name is not null && change.Kv.Key.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(name.Path)))
                own.Look();
        }
    }

    // Once this node's key is another one, two leases have other names than before.
    private async Task TellAsync(
        ChannelWriter<LeaseUpdate> updates, IReadOnlyList<LeaseEvent>? changes, CancellationToken cancellationToken)
    {
        OwnName? name = own.Name;
        bool isWhole = changes is null || name != _told;
        _told = name;
        await updates.WriteAsync(isWhole ? state.Snapshot(name) : new LeaseUpdate.Events(changes!), cancellationToken);
    }
}
