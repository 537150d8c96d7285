using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Etcd.Keys;
using Overlay.ControlPlane.Sources.Etcd.Own;
using Overlay.ControlPlane.Sources.Etcd.Watch;

namespace Overlay.ControlPlane.Sources.Etcd;

/// <summary>
/// Leases in etcd v3, in flannel's keys and values: nodes that run flannel and nodes that run this share one network.
/// </summary>
/// <remarks>
/// etcd has no names of nodes: a peer is called by its key, <c>10.244.13.0-24</c>, which stays when all else of its
/// lease changes; with <c>&amp;</c> and <c>:</c> as underscores, <c>10.244.13.0-24_fd00_10_244_3e__-64</c>. This node
/// has its own name.
/// </remarks>
public sealed class EtcdLeaseSource : ILeaseSource, IDisposable
{
    private const int PendingUpdates = 16;

    private readonly EtcdClient _client;
    private readonly StoreHealth _health;
    private readonly EtcdSettings _settings;
    private readonly OwnSubnet _own;
    private readonly EtcdKeys _keys;
    private readonly TimeProvider _time;
    private readonly Channel<PodCidrs> _podCidrs = Channel.CreateBounded<PodCidrs>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <param name="options">The members of etcd.</param>
    /// <param name="logger">Logs every problem once.</param>
    /// <param name="time">Clock of renewals and of the status.</param>
    /// <exception cref="InvalidDataException">
    /// A file of the options cannot be used; the message names key and file.
    /// </exception>
    public EtcdLeaseSource(EtcdOptions options, ILogger<EtcdLeaseSource> logger, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _keys = new(options.Prefix);
        Location = new("Etcd", $"{options}");
        _client = new(options);
        if (options.Username is not null && options.Endpoints.Any(static uri => uri.Scheme == Uri.UriSchemeHttp))
            logger.PasswordInTheClear(Location.Place, options.Username);
        _health = new(Location, _time, logger);
        _settings = new(_client, _keys, _health, _time);
        _own = new(_client, _keys, options, _settings, _health, _time, logger);
    }

    /// <inheritdoc/>
    public StoreLocation Location { get; }

    /// <inheritdoc/>
    public StoreStatus Status => _health.Status;

    /// <inheritdoc/>
    public long WatchRestarts(WatchEnd end) => _health.WatchRestarts(end);

    /// <inheritdoc/>
    public long Relists => _health.Relists;

    /// <inheritdoc/>
    public DateTimeOffset? CertificateExpiry => _client.CertificateExpiry;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Problems => _health.Problems;

    /// <inheritdoc/>
    public async Task<NodeSettings> ReadSettingsAsync(string node, CancellationToken cancellationToken) =>
        new(await _settings.WaitAsync(cancellationToken), null, null);

    /// <inheritdoc/>
    /// <remarks>Known once the key is: after <see cref="AcquireAsync"/> or <see cref="PublishAsync"/>.</remarks>
    public Task<Lease?> FindAsync(string node, CancellationToken cancellationToken) =>
        _own.FindAsync(node, cancellationToken);

    /// <inheritdoc/>
    public Task<PodCidrs> AcquireAsync(PodCidrRequest request, CancellationToken cancellationToken) =>
        _own.AcquireAsync(request, cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<LeaseUpdate> WatchAsync(
        IReadOnlyList<Lease> known, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        EtcdLeaseState state = new(_keys, _health);
        state.Remember(known);
        EtcdFollower follower = new(_client, _keys, state, _settings, _own, _health, _time);
        Channel<LeaseUpdate> updates = Channel.CreateBounded<LeaseUpdate>(PendingUpdates);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] parts =
        [
            Task.Run(() =>
                EndWithAsync(updates.Writer, follower.RunAsync(updates.Writer, stop.Token)), CancellationToken.None),
            Task.Run(() =>
                EndWithAsync(updates.Writer, _own.RunAsync(_podCidrs.Writer, stop.Token)), CancellationToken.None),
        ];
        try
        {
            await foreach (LeaseUpdate update in updates.Reader.ReadAllAsync(cancellationToken)) yield return update;
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(parts);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<PodCidrs> WatchPodCidrsAsync(CancellationToken cancellationToken) =>
        _podCidrs.Reader.ReadAllAsync(cancellationToken);

    /// <inheritdoc/>
    public Task PublishAsync(Lease own, CancellationToken cancellationToken) =>
        _own.PublishAsync(own, cancellationToken);

    /// <inheritdoc/>
    public Task ReportReadyAsync(string node, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    /// <remarks>
    /// Kept, as flannel does: the node gets its subnet again when it is back, and otherwise the lease runs out.
    /// </remarks>
    public Task WithdrawAsync(string node, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Closes all connections. A watch has to have ended.</summary>
    public void Dispose()
    {
        _own.Dispose();
        _client.Dispose();
    }

    // A part ends only by an error, and ends the watch with it.
    private static async Task EndWithAsync(ChannelWriter<LeaseUpdate> updates, Task part)
    {
        try
        {
            await part;
        }
#pragma warning disable CA1031 // The reader of the updates gets every failure.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _ = updates.TryComplete(e);
        }
    }
}
