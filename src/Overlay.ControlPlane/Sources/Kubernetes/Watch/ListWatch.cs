using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Objects;

namespace Overlay.ControlPlane.Sources.Kubernetes.Watch;

/// <summary>
/// Keeps up with the objects of one kind through ends of watches, compaction, overload and restarts of the API server.
/// </summary>
/// <remarks>
/// By a watch that begins with the state, else by a list and a watch from there. The version of every event is kept,
/// and a watch that ends goes on from it without a list. A version that was compacted away is replaced by a state not
/// older than it, which every server has in memory; the newest state, which the server has to ask its store for, comes
/// last.
/// </remarks>
internal sealed class ListWatch<T>(
    ApiServerClient api, ApiParser<T> parser, ListQuery query, KubernetesTimings timings, StoreHealth health,
    TimeProvider time, ILogger logger)
    : IDisposable
    where T : ApiObject, new()
{
    // Events that come together are handed on together; the bound keeps the head of a flood from waiting for its tail.
    private const int LargestBatch = 1000;

    private readonly ServerPatience _patience = new(timings, time);
    private readonly StateWatchSupport _stateWatch = new(timings, time, logger);
    private ListPhase<T> _phase = new ListPhase<T>.Listing();
    private string? _version;
    private bool _isGranted;
    private bool _wasListed;

    /// <summary>A snapshot first, and after a loss; changes otherwise. One run at a time.</summary>
    public async IAsyncEnumerable<ObjectUpdate<T>> RunAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Enter(new ListPhase<T>.Listing());
        try
        {
            while (true)
            {
                if (await StepAsync(cancellationToken) is { } update) yield return update;
            }
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose() => Enter(new ListPhase<T>.Listing());

    private async Task<ObjectUpdate<T>?> StepAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ListPhase<T> phase = _phase;
        try
        {
            return phase switch
            {
                ListPhase<T>.Resuming => await ResumeAsync(cancellationToken),
                ListPhase<T>.ReadingState state => await ReadStateAsync(state, cancellationToken),
                ListPhase<T>.Watching watch => await ReadChangesAsync(watch, cancellationToken),
                ListPhase<T>.Failing failing => throw failing.Error,
                ListPhase<T>.BackingOff wait => await WaitAsync(wait, cancellationToken),
                _ => await ListAsync(cancellationToken),
            };
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            Enter(AfterFailure(phase, exception));
            return null;
        }
    }

    private async Task<ObjectUpdate<T>?> ListAsync(CancellationToken cancellationToken)
    {
        if (_stateWatch.IsUsable)
        {
            try
            {
                (JsonFrameReader frames, long openedAt) =
                    await OpenAsync(query.WatchFromState(_version), cancellationToken);
                Enter(new ListPhase<T>.ReadingState(frames, openedAt, new(StringComparer.Ordinal)));
                return null;
            }
            catch (ApiServerException exception) when (exception.IsRefusal)
            {
                _stateWatch.Failed(exception);
            }
        }

        ObjectList<T> list = new(api, parser, query);
        await list.ReadAsync(_version, cancellationToken);
        health.Connected();
        Enter(new ListPhase<T>.Resuming());
        return Snapshot(list.Objects, list.Version);
    }

    private async Task<ObjectUpdate<T>?> ResumeAsync(CancellationToken cancellationToken)
    {
        (JsonFrameReader frames, long openedAt) = await OpenAsync(query.WatchFrom(_version!), cancellationToken);
        Enter(new ListPhase<T>.Watching(frames, openedAt));
        return null;
    }

    private async Task<(JsonFrameReader Frames, long OpenedAt)> OpenAsync(
        string watch, CancellationToken cancellationToken)
    {
        JsonFrameReader frames = new(await api.OpenAsync(watch, cancellationToken), isList: false);
        _patience.Answered();
        _isGranted = false;
        return (frames, time.GetTimestamp());
    }

    /// <summary>
    /// Waits for more of a watch. A server refuses watches after it has granted them, so its answer counts with the
    /// first object, or once nothing has come for a while.
    /// </summary>
    private async Task<bool> FillAsync(ListPhase<T>.Open watch, CancellationToken cancellationToken)
    {
        if (_isGranted) return await watch.Frames.FillAsync();
        Task<bool> fill = watch.Frames.FillAsync().AsTask();
        if (await Task.WhenAny(fill, Task.Delay(timings.ShortWatch, time, cancellationToken)) != fill) Granted();
        return await fill;
    }

    private void Granted()
    {
        if (!_isGranted) health.Connected();
        _isGranted = true;
    }

    private async Task<ObjectUpdate<T>?> ReadStateAsync(
        ListPhase<T>.ReadingState state, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!state.Frames.TryRead(out JsonFrame frame))
            {
                if (await FillAsync(state, cancellationToken)) continue;
                Enter(new ListPhase<T>.BackingOff(_patience.Next(), new ListPhase<T>.Listing()));
                return null;
            }

            ApiEvent<T> change = Parse(frame);
            if (change.Type != "ERROR") Granted();
            switch (change.Type)
            {
                case "ERROR":
                    return FailState(api.Refusal((HttpStatusCode)change.Object.Code, change.Object.Message));
                case "BOOKMARK" when change.Object.EndsInitialEvents:
                    string version = change.Object.ResourceVersion
                        ?? throw new InvalidDataException("sends a bookmark without a resourceVersion");
                    _phase = new ListPhase<T>.Watching(state.Frames, state.OpenedAt);
                    return Snapshot(state.Objects.Values, version);
                case "BOOKMARK":
                    // A server that ignores sendInitialEvents opens an ordinary watch, which never marks the end of the
                    // state.
                    return FailState(new(null, "does not mark the end of the initial objects"));
                case "DELETED":
                    _ = state.Objects.Remove(change.Object.Name);
                    break;
                default:
                    state.Objects[change.Object.Name] = change.Object;
                    if (state.Objects.Count > query.Most)
                        throw new InvalidDataException($"sends more than {query.Most} objects");
                    break;
            }
        }
    }

    /// <summary>The state comes by a list instead, unless the error is about the version.</summary>
    private ObjectUpdate<T>? FailState(ApiServerException error)
    {
        if (error.IsAboutVersion) throw error;
        _stateWatch.Failed(error);
        Enter(new ListPhase<T>.Listing());
        return null;
    }

    private async Task<ObjectUpdate<T>?> ReadChangesAsync(
        ListPhase<T>.Watching watch, CancellationToken cancellationToken)
    {
        List<ObjectChange<T>> changes = [];
        while (changes.Count < LargestBatch)
        {
            if (!watch.Frames.TryRead(out JsonFrame frame))
            {
                if (changes.Count > 0) break;
                if (await FillAsync(watch, cancellationToken)) continue;

                health.WatchEnded(WatchEnd.Ended);

                // The ordinary end of a watch, which loses nothing. Watches that end at once are not opened at once.
                ListPhase<T> next = new ListPhase<T>.Resuming();
                Enter(IsShort(watch) ? new ListPhase<T>.BackingOff(_patience.Next(), next) : next);
                return null;
            }

            ApiEvent<T> change = Parse(frame);
            if (change.Type == "ERROR")
            {
                ApiServerException error = api.Refusal((HttpStatusCode)change.Object.Code, change.Object.Message);
                if (changes.Count == 0) throw error;
                _phase = new ListPhase<T>.Failing(watch.Frames, watch.OpenedAt, error);
                break;
            }

            _isGranted = true;
            _version = change.Object.ResourceVersion ?? _version;
            health.Synced(_version);
            if (change.Type is "ADDED" or "MODIFIED" or "DELETED")
                changes.Add(new(change.Object, change.Type == "DELETED"));
        }

        return new(false, changes);
    }

    private async Task<ObjectUpdate<T>?> WaitAsync(ListPhase<T>.BackingOff wait, CancellationToken cancellationToken)
    {
        await Task.Delay(wait.Wait, time, cancellationToken);
        Enter(wait.Then);
        return null;
    }

    private ListPhase<T> AfterFailure(ListPhase<T> phase, Exception failure)
    {
        bool isListed = phase is not (ListPhase<T>.Listing or ListPhase<T>.ReadingState);
        if (failure is ApiServerException { IsAboutVersion: true })
        {
            logger.VersionIsGone(query.Resource, _version);
            if (isListed) health.WatchEnded(WatchEnd.Gone);
            else _version = null;

            // Every node of the cluster may have lost the version at the same moment.
            return new ListPhase<T>.BackingOff(_patience.Next(failure), new ListPhase<T>.Listing());
        }

        if (phase is ListPhase<T>.Open) health.WatchEnded(WatchEnd.Failed);

        // A connection that breaks is as good as the end of a watch, if the next watch can be opened.
        if (phase is ListPhase<T>.Watching watch && failure is not ApiServerException && !IsShort(watch))
            return new ListPhase<T>.Resuming();
        health.Failed(failure.Message, ApiServerException.CauseOf(failure));
        return new ListPhase<T>.BackingOff(
            _patience.Next(failure),
            isListed ? new ListPhase<T>.Resuming() : new ListPhase<T>.Listing());
    }

    private ApiEvent<T> Parse(JsonFrame frame) =>
        parser.ReadEvent(frame.Json.Span) ?? throw new InvalidDataException("sends JSON that is no event of a watch");

    private ObjectUpdate<T> Snapshot(IEnumerable<T> objects, string version)
    {
        _version = version;
        health.Synced(version);
        if (_wasListed) health.Relisted();
        _wasListed = true;
        return ObjectUpdate<T>.Snapshot(objects);
    }

    private bool IsShort(ListPhase<T>.Open watch) => time.GetElapsedTime(watch.OpenedAt) < timings.ShortWatch;

    private void Enter(ListPhase<T> phase)
    {
        (_phase as ListPhase<T>.Open)?.Frames.Dispose();
        _phase = phase;
    }
}
