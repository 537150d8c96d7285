using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources;

/// <summary>How it goes with the store, and what is wrong in it: each thing is logged once. Thread-safe.</summary>
internal sealed class EtcdHealth(StoreLocation location, TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();
    private volatile ImmutableDictionary<string, string> _problems = ImmutableDictionary<string, string>.Empty;
    private volatile StoreStatus _status = StoreStatus.Initial;

    public IReadOnlyDictionary<string, string> Problems => _problems;

    public StoreStatus Status => _status;

    /// <summary>Nothing was missed up to that revision.</summary>
    public void Synced(long revision)
    {
        lock (_gate) _status = new(StoreState.Connected, time.GetUtcNow(), $"{revision}");
        Answered();
    }

    /// <summary>It answers, whatever it says.</summary>
    public void Answered()
    {
        lock (_gate)
        {
            if (!_problems.ContainsKey(location.Place)) return;
            _problems = _problems.Remove(location.Place);
        }

        logger.LogInformation("etcd {Place} answers again", location.Place);
    }

    /// <summary>It does not answer. Why may change with every try; that it is so is logged once.</summary>
    public void Away(string reason)
    {
        bool isNew;
        lock (_gate)
        {
            isNew = !_problems.ContainsKey(location.Place);
            _problems = _problems.SetItem(location.Place, reason);
            if (_status.State == StoreState.Connected) _status = _status with { State = StoreState.Disconnected };
        }

        if (isNew) logger.LogWarning("etcd {Place} is away: {Reason}. What is known of it stays in force", location.Place, reason);
    }

    /// <summary>Something is wrong, or is waited for: a key and the sentence about it.</summary>
    public void Say(string key, string problem)
    {
        lock (_gate)
        {
            if (_problems.TryGetValue(key, out string? said) && said == problem) return;
            _problems = _problems.SetItem(key, problem);
        }

        logger.LogWarning("{Key} {Problem}", key, problem);
    }

    /// <summary>Nothing is wrong with that key any more.</summary>
    public void Settle(string key)
    {
        lock (_gate)
        {
            if (!_problems.ContainsKey(key)) return;
            _problems = _problems.Remove(key);
        }

        logger.LogInformation("{Key} is sound again", key);
    }
}
