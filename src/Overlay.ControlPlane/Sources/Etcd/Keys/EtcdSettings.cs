using System.Diagnostics.CodeAnalysis;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd.Client;

namespace Overlay.ControlPlane.Sources.Etcd.Keys;

/// <summary>
/// The settings of the network that this run uses: the first that were read. Later ones are for the next start.
/// </summary>
internal sealed class EtcdSettings(EtcdClient client, EtcdKeys keys, StoreHealth health, TimeProvider time)
{
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(1);

    private volatile NetworkSettings? _current;

    /// <summary>Waits until the store has settings.</summary>
    /// <exception cref="InvalidDataException">They cannot be used; the message names the key.</exception>
    public async Task<NetworkSettings> WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await ReadAsync(cancellationToken);
            }
            catch (EtcdException e)
            {
                health.Failed(e.Message);
            }
            catch (KeyNotFoundException)
            {
                health.Answered();
                health.Say(keys.Config, Missing());
            }

            await Task.Delay(_retry, time, cancellationToken);
        }
    }

    /// <summary>The settings of this run, read if need be.</summary>
    /// <exception cref="EtcdException">etcd does not answer.</exception>
    /// <exception cref="KeyNotFoundException">There are none.</exception>
    /// <exception cref="InvalidDataException">They cannot be used; the message names the key.</exception>
    public async Task<NetworkSettings> ReadAsync(CancellationToken cancellationToken)
    {
        if (_current is { } current) return current;
        byte[]? json = (await client.GetAsync(keys.ConfigBytes, cancellationToken))?.Value;
        if (json is null) throw new KeyNotFoundException($"{keys.Config} {Missing()}");
        if (!TryParse(json, out NetworkSettings? settings, out string? error))
            throw new InvalidDataException($"{keys.Config}: {error}");
        health.Answered();
        health.Settle(keys.Config);
        return _current = settings;
    }

    /// <summary>Compares the store's present settings with those of this run.</summary>
    /// <param name="json">The value; null when the key is gone.</param>
    public void Notice(byte[]? json)
    {
        if (json is null)
        {
            health.Say(keys.Config, $"{Missing()}; this run goes on with what it was");
            return;
        }

        if (!TryParse(json, out NetworkSettings? settings, out string? error))
        {
            health.Say(keys.Config, $"{error}; this run goes on with what it was, but no node can be started");
            return;
        }

        // A run that began with the store away takes the first settings it finds.
        _current ??= settings;
        if (settings == _current) health.Settle(keys.Config);
        else health.Say(keys.Config, "has changed since this daemon started, and is taken at its next start");
    }

    private string Missing() =>
        $$$"""is missing; it should be a value such as {"Network":"10.244.0.0/16","Backend":{"Type":"vxlan"}}: etcdctl put {{{keys.Config}}} '…'""";

    private static bool TryParse(
        byte[] json, [NotNullWhen(true)] out NetworkSettings? settings, [NotNullWhen(false)] out string? error)
    {
        if (!NetConf.TryParse(json, out settings, out error)) return false;
        if (settings.Cidr is not null) return true;
        error =
            "EnableIPv4 is false; it should be true, since a lease's key in etcd begins with an IPv4 subnet such as "
            + "\"10.244.1.0-24\"";
        return false;
    }
}
