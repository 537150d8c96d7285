using System.Diagnostics;
using System.Text;
using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Files;
using Overlay.Testing;

namespace Overlay.ControlPlane.Tests;

/// <summary>A file source on a real directory, watched in the background until disposed.</summary>
internal sealed class LeaseSourceFixture : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TempDirectory _parent = new();
    private volatile IReadOnlyList<Lease>? _leases;
    private volatile LeaseUpdate? _lastUpdate;
    private Task _watch = Task.CompletedTask;
    private int _updates;

    public LeaseSourceFixture(TimeSpan? rescanInterval = null, bool create = true, TimeProvider? time = null)
    {
        Directory = _parent["leases"];
        if (create) _ = System.IO.Directory.CreateDirectory(Directory);
        Source = new(Directory, Logger, rescanInterval, time);
    }

    public string Directory { get; }

    public CollectingLogger<FileLeaseSource> Logger { get; } = new();

    public FileLeaseSource Source { get; }

    /// <summary>After the last update; null before the first.</summary>
    public IReadOnlyList<Lease>? Leases => _leases;

    public LeaseUpdate? LastUpdate => _lastUpdate;

    public int Updates => Volatile.Read(ref _updates);

    public bool HasFailed => _watch.IsFaulted;

    public string this[string file] => Path.Combine(Directory, file);

    /// <param name="known">What the last run knew.</param>
    public void Watch(params Lease[] known) => _watch = Task.Run(async () =>
    {
        await foreach (LeaseUpdate update in Source.WatchAsync(known, _stop.Token))
        {
            _leases = Apply(update, _leases);
            _lastUpdate = update;
            _ = Interlocked.Increment(ref _updates);
        }
    });

    /// <summary>As publishers do: under a name that is passed over, then renamed.</summary>
    public void Rename(Lease lease) => Rename($"{lease.Node}.json", LeaseJson.Format(lease));

    /// <summary>Writes a file at once: a reader sees none of it or all.</summary>
    public void Rename(string name, string text) => Rename(name, Encoding.UTF8.GetBytes(text));

    private void Rename(string name, byte[] content)
    {
        File.WriteAllBytes(this[$".{name}.new"], content);
        File.Move(this[$".{name}.new"], this[name], overwrite: true);
    }

    public Task ShouldSee(params Lease[] leases) => Eventually(() => _leases is { } seen && seen.SequenceEqual(leases));

    /// <summary>Nothing differs for longer than any path of notice takes.</summary>
    public async Task ShouldStillSee(params Lease[] leases)
    {
        await Task.Delay(700);
        Leases.ShouldBe(leases);
        HasFailed.ShouldBeFalse();
    }

    /// <summary>Ten seconds, for a machine that does other things too; how fast it is has a test of its own.</summary>
    public async Task Eventually(Func<bool> condition, double seconds = 10)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition())
        {
            HasFailed.ShouldBeFalse();
            if (watch.Elapsed > TimeSpan.FromSeconds(seconds))
                throw new ShouldAssertException($"not within {seconds} s; leases: {string.Join(", ", Leases ?? [])}");
            await Task.Delay(5);
        }
    }

    private static IReadOnlyList<Lease> Apply(LeaseUpdate update, IReadOnlyList<Lease>? before)
    {
        if (update is LeaseUpdate.Snapshot snapshot) return snapshot.Leases;
        SortedDictionary<string, Lease> leases =
            new(before.ShouldNotBeNull().ToDictionary(static lease => lease.Node), StringComparer.Ordinal);
        foreach (LeaseEvent change in update.ShouldBeOfType<LeaseUpdate.Events>().Changes)
        {
            if (change is LeaseEvent.Added added) leases[added.Lease.Node] = added.Lease;
            else leases.Remove(change.ShouldBeOfType<LeaseEvent.Removed>().Node).ShouldBeTrue();
        }

        return [.. leases.Values];
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _watch;
        }
        catch (OperationCanceledException)
        {
            // How a watch ends.
        }

        _parent.Dispose();
        _stop.Dispose();
    }
}
