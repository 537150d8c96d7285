using System.Collections.Concurrent;
using System.Diagnostics;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

/// <summary>
/// A source on a real etcd, watched in the background until disposed; what it tells is applied as a reconciler would.
/// </summary>
internal sealed class WatchedSource : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<LeaseUpdate> _updates = new();
    private volatile IReadOnlyDictionary<string, Lease> _leases = new Dictionary<string, Lease>();
    private readonly ConcurrentQueue<PodCidrs> _reassigned = new();
    private readonly Task _podCidrs;
    private Task _watch = Task.CompletedTask;

    public WatchedSource(EtcdOptions options)
    {
        Source = new(options, Logger);
        _podCidrs = Task.Run(async () =>
        {
            await foreach (PodCidrs podCidrs in Source.WatchPodCidrsAsync(_stop.Token)) _reassigned.Enqueue(podCidrs);
        });
    }

    public CollectingLogger<EtcdLeaseSource> Logger { get; } = new();

    public EtcdLeaseSource Source { get; }

    public IReadOnlyCollection<LeaseUpdate> Updates => _updates;

    public IReadOnlyDictionary<string, Lease> Leases => _leases;

    public IReadOnlyCollection<PodCidrs> Reassigned => _reassigned;

    public int Snapshots => _updates.OfType<LeaseUpdate.Snapshot>().Count();

    /// <param name="known">What the last run knew.</param>
    public void Watch(params Lease[] known) => _watch = Task.Run(async () =>
    {
        await foreach (LeaseUpdate update in Source.WatchAsync(known, _stop.Token))
        {
            Dictionary<string, Lease> leases = update is LeaseUpdate.Snapshot ? [] : new(_leases);
            if (update is LeaseUpdate.Snapshot snapshot)
            {
                foreach (Lease lease in snapshot.Leases) leases.Add(lease.Node, lease);
            }

            foreach (LeaseEvent change in (update as LeaseUpdate.Events)?.Changes ?? [])
            {
                if (change is LeaseEvent.Added added) leases[added.Lease.Node] = added.Lease;
                else leases.Remove(((LeaseEvent.Removed)change).Node).ShouldBeTrue();
            }

            _leases = leases;
            _updates.Enqueue(update);
        }
    });

    /// <summary>A node as it starts: subnet 10.244.200 + number, unless it has another; watch, announcement.</summary>
    public async Task<Lease> StartAsync(int number)
    {
        PodCidrs subnets =
            await AcquireAsync(EtcdNetwork.Request(number, EtcdNetwork.Subnets($"10.244.{200 + number}.0/24")));
        Watch();
        await Eventually(() => Snapshots > 0, "a first snapshot");
        Lease own = EtcdNetwork.LeaseOf(number, subnets);
        await Source.PublishAsync(own, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
        return own;
    }

    public Task<PodCidrs> AcquireAsync(PodCidrRequest request) =>
        Source.AcquireAsync(request, _stop.Token).WaitAsync(TimeSpan.FromSeconds(30));

    public Task ShouldSee(Lease lease) => Eventually(() => _leases.Values.Contains(lease), lease.ToString());

    /// <summary>These and perhaps others.</summary>
    public Task ShouldSeeNodes(params string[] nodes) =>
        Eventually(() => nodes.All(_leases.ContainsKey), string.Join(", ", nodes));

    public Task ShouldNotSee(string node) => Eventually(() => !_leases.ContainsKey(node), $"without {node}");

    /// <summary>A sentence about a key, or about the store.</summary>
    public Task ShouldSay(string key, string problem) =>
        Eventually(() => Source.Problems.Any(entry => entry.Key.Contains(key, StringComparison.Ordinal)
            && entry.Value.Contains(problem, StringComparison.Ordinal)), $"{key}: {problem}");

    public Task ShouldHaveNoProblem() => Eventually(() => Source.Problems.Count == 0, "no problem");

    /// <summary>Thirty seconds, for a machine that does other things too.</summary>
    public async Task Eventually(Func<bool> condition, string what)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (_watch.IsFaulted) await _watch;
            if (watch.Elapsed > TimeSpan.FromSeconds(30))
                throw new ShouldAssertException(
                    $"not within 30 s: {what}; leases: {string.Join(", ", _leases.Values)}; problems: "
                    + $"{string.Join(", ", Source.Problems)}; {Source.Status}");
            await Task.Delay(10);
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
        _stop.Dispose();
    }
}
