using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.Testing;
using Overlay.Testing.Kubernetes;

namespace Overlay.ControlPlane.Tests;

/// <summary>
/// A source for node "own" against a stand-in for an API server, watched in the background until disposed.
/// </summary>
internal sealed class KubernetesFixture : IAsyncDisposable
{
    /// <summary>Everything that takes minutes takes parts of a second.</summary>
    public static readonly KubernetesTimings Quick = new()
    {
        KeepAlivePingDelay = TimeSpan.FromSeconds(1),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(1),
        ShortWatch = TimeSpan.FromMilliseconds(20),
        FirstBackoff = TimeSpan.FromMilliseconds(20),
        LongestBackoff = TimeSpan.FromMilliseconds(200),
        LongestAwayBackoff = TimeSpan.FromMilliseconds(200),
        HealthyAfter = TimeSpan.FromSeconds(1),
        DoubtPause = TimeSpan.FromMilliseconds(200),
        FirstPolicyCheck = TimeSpan.FromHours(1),
        FirstRepairPause = TimeSpan.FromMilliseconds(200),
    };

    private readonly CancellationTokenSource _stop = new();
    private readonly TempDirectory _directory = new();
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Lease> _leases = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<LeaseUpdate> _updates = new();
    private readonly ConcurrentQueue<PodCidrs> _reassigned = new();
    private readonly Task _podCidrs;
    private Task _watch = Task.CompletedTask;

    private KubernetesFixture(
        ApiServerStandin standin, KubernetesTimings timings, Func<KubernetesOptions, KubernetesOptions>? change,
        TimeProvider? time)
    {
        Standin = standin;
        KubernetesOptions options = new()
        {
            NodeName = "own",
            ApiServer = standin.Url.ToString(),
            ServiceAccountDirectory = _directory.Path,
            Timings = timings,
        };
        Source = new(change?.Invoke(options) ?? options, Logger, time);
        _podCidrs = Task.Run(async () =>
        {
            await foreach (PodCidrs podCidrs in Source.WatchPodCidrsAsync(_stop.Token)) _reassigned.Enqueue(podCidrs);
        });
    }

    public ApiServerStandin Standin { get; }

    public CollectingLogger<KubernetesLeaseSource> Logger { get; } = new();

    public KubernetesLeaseSource Source { get; }

    public IReadOnlyList<LeaseUpdate> Updates => [.. _updates];

    public IReadOnlyCollection<PodCidrs> Reassigned => _reassigned;

    public int Snapshots => _updates.OfType<LeaseUpdate.Snapshot>().Count();

    /// <summary>All leases, by everything told so far; null before the first snapshot.</summary>
    public IReadOnlyList<Lease>? Leases
    {
        get
        {
            lock (_gate) return _updates.IsEmpty ? null : [.. _leases.Values];
        }
    }

    public NodeStore Nodes => Standin.Nodes;

    public static async Task<KubernetesFixture> StartAsync(
        KubernetesTimings? timings = null, StandinOptions? standin = null,
        Func<KubernetesOptions, KubernetesOptions>? change = null, TimeProvider? time = null,
        params JsonObject[] nodes)
    {
        KubernetesFixture fixture = new(await ApiServerStandin.StartAsync(standin), timings ?? Quick, change, time);
        foreach (JsonObject node in nodes) fixture.Nodes.Put(node);
        return fixture;
    }

    /// <summary>Nodes of those leases, own too.</summary>
    public static Task<KubernetesFixture> StartWithAsync(params Lease[] leases) =>
        StartAsync(nodes: [.. leases.Select(SampleNodes.Of)]);

    /// <param name="known">What the last run knew.</param>
    public void Watch(params Lease[] known) => _watch = Task.Run(async () =>
    {
        await foreach (LeaseUpdate update in Source.WatchAsync(known, _stop.Token))
        {
            lock (_gate)
            {
                Apply(update);
                _updates.Enqueue(update);
            }
        }
    });

    public Task ShouldSee(params Lease[] leases) => Eventually(() => Leases is { } seen && seen.SequenceEqual(leases));

    /// <summary>Waits until the source has heard of everything that has happened so far.</summary>
    public async Task UpToDate()
    {
        long revision = Nodes.Revision;
        await Eventually(() => Source.Status.Revision is { } seen
            && long.Parse(seen, System.Globalization.CultureInfo.InvariantCulture) >= revision);
    }

    public Task IsWatching() => Eventually(() => Standin.Watches == 1 && Source.Status.State == StoreState.Connected);

    public IReadOnlyList<SeenRequest> Requests(Predicate<SeenRequest> matches) =>
        [.. Standin.Requests.Where(request => matches(request))];

    /// <summary>Thirty seconds are for a machine that does other things too.</summary>
    public async Task Eventually(Func<bool> condition)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (_watch.IsFaulted) await _watch;
            if (watch.Elapsed > TimeSpan.FromSeconds(30))
            {
                throw new ShouldAssertException(
                    $"not within 30 s; leases: {string.Join(", ", Leases ?? [])}; problems: "
                    + $"{string.Join(", ", Source.Problems)}; "
                    + $"log: {string.Join(" | ", Logger.Of(LogLevel.Information).Concat(Logger.Warnings))}; requests: "
                    + $"{string.Join(" | ", Standin.Requests.TakeLast(20))}");
            }

            await Task.Delay(5);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await Task.WhenAll(_watch, _podCidrs);
        }
        catch (OperationCanceledException)
        {
            // How a watch ends.
        }

        Source.Dispose();
        await Standin.DisposeAsync();
        _directory.Dispose();
        _stop.Dispose();
    }

    private void Apply(LeaseUpdate update)
    {
        if (update is LeaseUpdate.Snapshot snapshot)
        {
            _leases.Clear();
            foreach (Lease lease in snapshot.Leases) _leases[lease.Node] = lease;
        }
        else if (update is LeaseUpdate.Events events)
        {
            foreach (LeaseEvent change in events.Changes)
            {
                if (change is LeaseEvent.Added added) _leases[added.Lease.Node] = added.Lease;
                else if (change is LeaseEvent.Removed removed) _ = _leases.Remove(removed.Node);
            }
        }
    }
}
