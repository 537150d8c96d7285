using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Overlay.ControlPlane.Leases;

namespace Overlay.Daemon.Tests;

/// <summary>A store in memory that says what it is told to, and is away when it is told to.</summary>
internal sealed class TestStore : ILeaseSource
{
    private readonly Channel<LeaseUpdate> _updates = Channel.CreateUnbounded<LeaseUpdate>();
    private readonly Channel<PodCidrs> _given = Channel.CreateUnbounded<PodCidrs>();
    private readonly ConcurrentQueue<Lease> _published = new();
    private TaskCompletionSource _isThere = Done();

    public NodeSettings Settings { get; set; } = NodeSettings.None;

    /// <summary>Null: what the node asks for.</summary>
    public PodCidrs? PodCidrs { get; set; }

    public Exception? Fault { get; set; }

    /// <summary>The lease it has of any node that asks.</summary>
    public Lease? Held { get; set; }

    /// <summary>It has no names of nodes, and so finds a lease only once it is acquired.</summary>
    public bool HasNoNames { get; set; }

    /// <summary>What it was asked, in that order.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>How often that is asked for in vain.</summary>
    public int FindFailures { get; set; }

    public PodCidrRequest? Request { get; private set; }

    /// <summary>Every lease that was published, in that order.</summary>
    public IReadOnlyList<Lease> Published => [.. _published];

    public bool IsReadyReported { get; private set; }

    /// <summary>Called when a lease is published.</summary>
    public Action? Publishing { get; set; }

    /// <summary>Called when the node reports that it is ready.</summary>
    public Action? Reporting { get; set; }

    /// <summary>Called when the lease is withdrawn.</summary>
    public Action? Withdrawing { get; set; }

    public StoreLocation Location { get; set; } = new("Test", "memory");

    public StoreStatus Status { get; set; } = StoreStatus.Initial;

    public IReadOnlyDictionary<string, string> Problems { get; set; } = new Dictionary<string, string>();

    public void GoAway() => _isThere = new TaskCompletionSource();

    public void ComeBack() => _isThere.SetResult();

    /// <summary>Gives the node other pod CIDRs while it runs.</summary>
    public void Reassign(PodCidrs podCidrs) => _given.Writer.TryWrite(podCidrs).ShouldBeTrue();

    public void Say(LeaseUpdate update) => _updates.Writer.TryWrite(update).ShouldBeTrue();

    public async Task<NodeSettings> ReadSettingsAsync(string node, CancellationToken cancellationToken)
    {
        await _isThere.Task.WaitAsync(cancellationToken);
        Asked.Add("settings");
        return Fault is null ? Settings : throw Fault;
    }

    public async Task<PodCidrs> AcquireAsync(PodCidrRequest request, CancellationToken cancellationToken)
    {
        await _isThere.Task.WaitAsync(cancellationToken);
        Asked.Add("acquire");
        Request = request;
        return PodCidrs ?? request.Configured;
    }

    public async IAsyncEnumerable<LeaseUpdate> WatchAsync(
        IReadOnlyList<Lease> known, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (LeaseUpdate update in _updates.Reader.ReadAllAsync(cancellationToken)) yield return update;
    }

    public IAsyncEnumerable<PodCidrs> WatchPodCidrsAsync(CancellationToken cancellationToken) =>
        _given.Reader.ReadAllAsync(cancellationToken);

    public Task<Lease?> FindAsync(string node, CancellationToken cancellationToken)
    {
        if (!_isThere.Task.IsCompleted || FindFailures-- > 0) throw new IOException("the store is away");
        Asked.Add("find");
        return Task.FromResult(HasNoNames && Request is null ? null : Held);
    }

    public Task PublishAsync(Lease own, CancellationToken cancellationToken)
    {
        Publishing?.Invoke();
        _published.Enqueue(own);
        return Task.CompletedTask;
    }

    public Task ReportReadyAsync(string node, CancellationToken cancellationToken)
    {
        Reporting?.Invoke();
        IsReadyReported = true;
        return Task.CompletedTask;
    }

    public Task WithdrawAsync(string node, CancellationToken cancellationToken)
    {
        Withdrawing?.Invoke();
        return Task.CompletedTask;
    }

    private static TaskCompletionSource Done()
    {
        TaskCompletionSource done = new();
        done.SetResult();
        return done;
    }
}
