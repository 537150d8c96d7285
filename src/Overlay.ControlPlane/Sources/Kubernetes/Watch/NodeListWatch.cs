using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;

namespace Overlay.ControlPlane.Sources.Kubernetes.Watch;

/// <summary>Follows nodes through everything an API server does: ends of watches, compaction, overload, restarts.</summary>
/// <remarks>
/// By a watch that tells the state first, else by a list and a watch from there. The version of every event is kept; a
/// watch that ends goes on from it, without a list. When it is compacted away, a state not older than it is asked for,
/// which any server has in memory; the newest one, which their store has to give, only if that is refused.
/// </remarks>
internal sealed class NodeListWatch(
    ApiServerClient api, NodeParser parser, NodeQuery query, KubernetesTimings timings, ApiServerHealth health, TimeProvider time, ILogger logger)
    : IDisposable
{
    // What comes at once is told at once; this bounds how long a flood holds up its beginning.
    private const int LargestBatch = 1000;

    private readonly ApiServerBackoff _backoff = new(timings, time);
    private JsonFrameReader? _watch;
    private long _openedAt;
    private Dictionary<string, ApiObject>? _initial;
    private string? _version;
    private bool _isListed;
    private bool _isStateRefused;
    private long? _stateFailedAt;
    private ApiServerException? _said;

    /// <summary>A snapshot first, and after what was lost; else what changes. One run at a time.</summary>
    public async IAsyncEnumerable<NodeUpdate> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _isListed = false;
        try
        {
            while (true)
            {
                if (await StepAsync(cancellationToken) is { } update) yield return update;
            }
        }
        finally
        {
            Close();
        }
    }

    public void Dispose() => Close();

    // A server in trouble is none that cannot do it: it is asked again some time.
    private bool IsStateTold =>
        !_isStateRefused && (_stateFailedAt is not { } failedAt || time.GetElapsedTime(failedAt) >= timings.StateWatchPause);

    private async Task<NodeUpdate?> StepAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool wasOpen = _watch is not null;
        try
        {
            return wasOpen ? await ReadAsync(cancellationToken) : await ConnectAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            bool wasInitial = _initial is not null;
            Close();
            if (exception is ApiServerException { IsAboutVersion: true }) await LoseVersionAsync(cancellationToken);
            else await RecoverAsync(exception, wasOpen && !wasInitial, cancellationToken);
            return null;
        }
    }

    private async Task<NodeUpdate?> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_isListed)
        {
            await OpenAsync(query.WatchFrom(_version!), cancellationToken);
            return null;
        }

        if (IsStateTold)
        {
            try
            {
                await OpenAsync(query.WatchFromState(_version), cancellationToken);
                _initial = new(StringComparer.Ordinal);
                return null;
            }
            catch (ApiServerException exception) when (exception.IsRefusal)
            {
                RefuseState(exception);
            }
        }

        NodeList list = new(api, parser, query);
        await list.ReadAsync(_version, cancellationToken);
        health.Answered();
        return Begin(list.Nodes, list.Version);
    }

    private async Task OpenAsync(string watch, CancellationToken cancellationToken)
    {
        _watch = new(await api.OpenAsync(watch, cancellationToken), isList: false);
        _openedAt = time.GetTimestamp();
        health.Answered();
    }

    private async Task<NodeUpdate?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_said is not null) throw _said;
        List<NodeChange> changes = [];
        while (changes.Count < LargestBatch)
        {
            if (!_watch!.TryRead(out JsonFrame frame))
            {
                if (changes.Count > 0) break;
                if (await _watch.FillAsync()) continue;
                return await EndAsync(cancellationToken);
            }

            if (parser.ReadEvent(frame.Json.Span) is not { } change) throw new InvalidDataException("sends what is no event of a watch");
            if (change.Type == "ERROR")
            {
                _said = api.Refusal((HttpStatusCode)change.Object.Code, change.Object.Message);
                if (changes.Count == 0) return RefuseInitial();
                break;
            }

            if (_initial is not null)
            {
                if (TakeInitial(change) is { } snapshot) return snapshot;
                if (_watch is null) return null;
                continue;
            }

            _version = change.Object.ResourceVersion ?? _version;
            health.Synced(_version);
            if (change.Type is "ADDED" or "MODIFIED" or "DELETED") changes.Add(new(change.Object, change.Type == "DELETED"));
        }

        return new(false, changes);
    }

    private NodeUpdate? TakeInitial(ApiEvent change)
    {
        switch (change.Type)
        {
            case "BOOKMARK" when change.Object.EndsInitialEvents:
                return Begin(_initial!.Values, change.Object.ResourceVersion ?? throw new InvalidDataException("sends a bookmark without a resourceVersion"));
            case "BOOKMARK":
                // A server that does not know the question begins an ordinary watch, and would never say that all was told.
                _said = new(null, "does not say when all nodes were told");
                return RefuseInitial();
            case "DELETED":
                _ = _initial!.Remove(change.Object.Name);
                return null;
            default:
                _initial![change.Object.Name] = change.Object;
                return null;
        }
    }

    private NodeUpdate Begin(IEnumerable<ApiObject> nodes, string version)
    {
        NodeUpdate snapshot = NodeUpdate.Snapshot(nodes);
        _initial = null;
        _isListed = true;
        _version = version;
        health.Synced(version);
        return snapshot;
    }

    /// <summary>An error while the state was told: asked for by a list instead, unless it is about the version.</summary>
    private NodeUpdate? RefuseInitial()
    {
        ApiServerException said = _said!;
        if (_initial is null || said.IsAboutVersion) throw said;
        if (said.IsRefusal || said.Status is null) RefuseState(said);
        else FailState(said);
        Close();
        return null;
    }

    private void RefuseState(ApiServerException said)
    {
        _isStateRefused = true;
        logger.LogInformation("Nodes are read by lists, for the API server cannot tell them in a watch: it {Reason}", said.Message);
    }

    private void FailState(ApiServerException said)
    {
        _stateFailedAt = time.GetTimestamp();
        logger.LogInformation(
            "Nodes are read by lists for {Minutes:0} minutes, for the API server has failed to tell them in a watch: it {Reason}",
            timings.StateWatchPause.TotalMinutes, said.Message);
    }

    // The ordinary end of a watch, of which nothing is lost; unless they end as soon as they begin.
    private async Task<NodeUpdate?> EndAsync(CancellationToken cancellationToken)
    {
        bool wasShort = _initial is not null || time.GetElapsedTime(_openedAt) < timings.ShortWatch;
        Close();
        if (wasShort) await Task.Delay(_backoff.Next(), time, cancellationToken);
        return null;
    }

    private async Task LoseVersionAsync(CancellationToken cancellationToken)
    {
        logger.LogDebug("Version {Version} of the nodes is gone; all are read again", _version);
        if (!_isListed) _version = null;
        _isListed = false;

        // Every node of the cluster may have lost it at the same moment.
        await Task.Delay(_backoff.Next(), time, cancellationToken);
    }

    private async Task RecoverAsync(Exception exception, bool wasFollowing, CancellationToken cancellationToken)
    {
        // A connection that breaks is as good as the end of a watch, if the next one can be made.
        if (wasFollowing && exception is not ApiServerException && time.GetElapsedTime(_openedAt) >= timings.ShortWatch) return;
        health.Failed(exception.Message);
        await Task.Delay(_backoff.Next(exception), time, cancellationToken);
    }

    private void Close()
    {
        _watch?.Dispose();
        _watch = null;
        _initial = null;
        _said = null;
    }
}
