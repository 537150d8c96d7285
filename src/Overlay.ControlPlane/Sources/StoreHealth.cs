using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources;

/// <summary>The state of a store, and the problems of it and in it, each logged once. Thread-safe.</summary>
internal sealed class StoreHealth(StoreLocation location, TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly SaidOnce _store = new();
    private readonly Dictionary<string, SaidOnce> _entries = new(StringComparer.Ordinal);
    private readonly long[] _restarts = new long[Enum.GetValues<WatchEnd>().Length];
    private long _relists;
    private volatile StoreStatus _status = StoreStatus.Initial;

    public StoreStatus Status => _status;

    /// <summary>Problems of the store, under its place, and of its entries.</summary>
    public IReadOnlyDictionary<string, string> Problems
    {
        get
        {
            lock (_gate)
            {
                Dictionary<string, string> problems = _entries.ToDictionary(
                    static entry => entry.Key, static entry => entry.Value.Problem ?? "", StringComparer.Ordinal);
                if (_store.Problem is { } ofStore) problems[location.Place] = ofStore;
                return problems;
            }
        }
    }

    /// <summary>The number of watches that ended for that reason.</summary>
    public long WatchRestarts(WatchEnd end) => Interlocked.Read(ref _restarts[(int)end]);

    /// <summary>The number of lists that followed an earlier one.</summary>
    public long Relists => Interlocked.Read(ref _relists);

    /// <summary>All entries were read anew.</summary>
    public void Relisted() => Interlocked.Increment(ref _relists);

    /// <summary>A watch has ended, and another one is to be begun.</summary>
    public void WatchEnded(WatchEnd end) => Interlocked.Increment(ref _restarts[(int)end]);

    /// <summary>No change was missed up to that revision; null for the one before.</summary>
    public void Synced(string? revision)
    {
        lock (_gate) _status = new(StoreState.Connected, time.GetUtcNow(), revision ?? _status.Revision);
        Answered();
    }

    /// <summary>The store sends changes from now on.</summary>
    public void Connected()
    {
        lock (_gate) _status = _status with { State = StoreState.Connected };
        Answered();
    }

    /// <summary>The store answers, whatever the answer is.</summary>
    public void Answered()
    {
        if (_store.End()) logger.StoreAnswers(location.Kind, location.Place);
    }

    /// <summary>The store does not answer, or refuses.</summary>
    /// <param name="reason">The reason, which may change with every try.</param>
    /// <param name="cause">Reasons of one cause are logged once.</param>
    public void Failed(string reason, string cause = "no answer")
    {
        lock (_gate)
        {
            if (_status.State == StoreState.Connected) _status = _status with { State = StoreState.Disconnected };
        }

        if (_store.Begin(reason, cause)) logger.StoreFails(location.Kind, location.Place, reason);
    }

    /// <summary>An entry of the store has a problem, or is waited for.</summary>
    public void Say(string key, string problem)
    {
        bool isNew;
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out SaidOnce? entry)) _entries[key] = entry = new();
            isNew = entry.Begin(problem);
        }

        if (isNew) logger.EntryHasProblem(key, problem);
    }

    /// <summary>An entry has no problem any more.</summary>
    public void Settle(string key)
    {
        bool was;
        lock (_gate) was = _entries.Remove(key);
        if (was) logger.EntryIsSound(key);
    }
}
