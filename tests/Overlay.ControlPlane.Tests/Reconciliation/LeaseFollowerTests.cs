using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Reconciliation;
using Overlay.ControlPlane.State;
using Overlay.ControlPlane.Trust;
using Overlay.Dataplane.Forwarding;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Tests;

public sealed class LeaseFollowerTests : IDisposable
{
    private readonly TempDirectory _state = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TablePublisher _publisher = new();
    private readonly Source _source = new();
    private readonly LeaseReconciler _reconciler;

    public LeaseFollowerTests() => _reconciler = new(
        LeaseOf("a", 1), new AddressPlan { ClusterCidr = IpPrefix.Parse("10.244.0.0/16") }, LeaseReconciler.ClaimGrace,
        _publisher, new FastTime(), NullLogger<LeaseReconciler>.Instance);

    [Fact]
    public async Task What_was_kept_for_a_node_is_given_away_without_any_update()
    {
        LeaseFollower follower = Follower();
        Lease rival = LeaseOf("rival", 9) with { Subnet = LeaseOf("b", 2).Subnet };
        _source.Say(LeaseOf("b", 2));
        await follower.ReadFirstAsync(isStoreAway: false, _stop.Token);
        follower.HasRead.ShouldBeTrue();
        Task following = follower.FollowAsync();
        _source.Say(LeaseOf("b", 2), rival);
        _source.Say(rival);
        await EventuallyAsync(() => _reconciler.ReconsiderIn is not null);
        await EventuallyAsync(() => _publisher.Current.Routes.Any(route => route.Via?.Node == "rival"));
        await _stop.CancelAsync();
        _ = await Should.ThrowAsync<OperationCanceledException>(following);
    }

    [Fact]
    public async Task Updates_that_change_the_table_are_timed_and_no_others()
    {
        List<TimeSpan> times = [];
        LeaseFollower follower = Follower(converged: times.Add);
        _source.Say(LeaseOf("b", 2));
        await follower.ReadFirstAsync(isStoreAway: false, _stop.Token);
        times.ShouldHaveSingleItem().ShouldBeGreaterThan(TimeSpan.Zero);
        Task following = follower.FollowAsync();
        _source.Say(LeaseOf("b", 2));
        _source.Say(LeaseOf("b", 3));
        await EventuallyAsync(() => _publisher.Current.Routes.Any(route => route.Prefix == LeaseOf("b", 3).Subnet));
        await _stop.CancelAsync();
        _ = await Should.ThrowAsync<OperationCanceledException>(following);
        times.Count.ShouldBe(2);
    }

    [Fact]
    public async Task The_source_is_told_what_the_last_run_knew()
    {
        LeaseFollower first = Follower();
        _source.Say(LeaseOf("b", 2));
        using CancellationTokenSource stopFirst = new();
        await first.ReadFirstAsync(isStoreAway: false, stopFirst.Token);
        _source.Known.ShouldBeEmpty();
        await stopFirst.CancelAsync();
        _ = await Should.ThrowAsync<OperationCanceledException>(first.FollowAsync());

        _source.Say(LeaseOf("b", 2));
        await Follower().ReadFirstAsync(isStoreAway: false, _stop.Token);
        _source.Known.ShouldBe([LeaseOf("b", 2)]);
    }

    [Fact]
    public async Task A_disk_that_hangs_delays_no_table()
    {
        // Whoever opens a pipe to write waits for a reader.
        string pipe = _state[".peers.json.tmp"];
        using (Process made = Process.Start("mkfifo", pipe)) await made.WaitForExitAsync();
        LeaseFollower follower = Follower();
        _source.Say(LeaseOf("b", 2));
        await follower.ReadFirstAsync(isStoreAway: false, _stop.Token).WaitAsync(TimeSpan.FromSeconds(20));
        Task following = follower.FollowAsync();
        for (int number = 3; number < 8; number++)
        {
            _source.Say(LeaseOf("b", number));
            await EventuallyAsync(
                () => _publisher.Current.Routes.Any(route => route.Prefix == LeaseOf("b", number).Subnet));
        }

        await _stop.CancelAsync();

        // A reader is all it waits for; what a pipe gets of a file does not matter. A stream of .NET would lock the
        // pipe.
        using Process reader = Process.Start(new ProcessStartInfo("cat", [pipe]) { RedirectStandardOutput = true })!;
        _ = await reader.StandardOutput.ReadToEndAsync();
        _ = await Should.ThrowAsync<OperationCanceledException>(following.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Peers_that_vanish_together_are_given_up_without_any_update_when_their_time_is_over()
    {
        LeaseFollower follower = Follower(TimeSpan.FromSeconds(60));
        _source.Say(LeaseOf("b", 2), LeaseOf("c", 3));
        await follower.ReadFirstAsync(isStoreAway: false, _stop.Token);
        Task following = follower.FollowAsync();
        DateTimeOffset? before = _reconciler.Peers.UpdatedAt;
        _source.Say();
        await EventuallyAsync(() => _reconciler.Peers.UpdatedAt != before);
        _reconciler.Peers.Peers.Count.ShouldBe(2, "held");
        await EventuallyAsync(() => _reconciler.Peers.Peers.Count == 0);
        await _stop.CancelAsync();
        _ = await Should.ThrowAsync<OperationCanceledException>(following);
    }

    [Fact]
    public async Task With_the_store_away_and_nothing_saved_there_is_a_table_all_the_same()
    {
        LeaseFollower follower = Follower();
        await follower.ReadFirstAsync(isStoreAway: true, _stop.Token);
        follower.HasRead.ShouldBeFalse();
        _publisher.Current.Routes.ShouldHaveSingleItem().IsLocal.ShouldBeTrue();
    }

    [Fact]
    public async Task A_source_that_hangs_does_not_outlive_the_order_to_stop()
    {
        _source.Hangs = true;
        Task reading = Follower().ReadFirstAsync(isStoreAway: false, _stop.Token);
        await _stop.CancelAsync();
        _ = await Should.ThrowAsync<OperationCanceledException>(reading.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    public void Dispose()
    {
        _source.Release.Set();
        _stop.Dispose();
        _state.Dispose();
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        for (int look = 0; look < 1000 && !condition(); look++) await Task.Delay(10);
        condition().ShouldBeTrue();
    }

    private static Lease LeaseOf(string node, int number) => new()
    {
        Node = node,
        Subnet = IpPrefix.Parse($"10.244.{number}.0/24"),
        PublicIp = IpAddress.Parse($"192.0.2.{number}"),
        BackendData = new VtepData(new Vni(1), MacAddress.Parse($"02:00:00:00:00:0{number}")),
    };

    private LeaseFollower Follower(TimeSpan hold = default, Action<TimeSpan>? converged = null) => new(
        _source, _reconciler, new SnapshotHold(hold, new FastTime(), NullLogger<SnapshotHold>.Instance),
        new SavedLeases(_state.Path, _source.Location, NullLogger<SavedLeases>.Instance), new FastTime(),
        NullLogger<LeaseFollower>.Instance, converged);

    /// <summary>A minute takes six tenths of a second.</summary>
    private sealed class FastTime : TimeProvider
    {
        private const int Factor = 100;

        public override long GetTimestamp() => System.GetTimestamp() * Factor;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime < TimeSpan.Zero ? dueTime : dueTime / Factor, period);
    }

    private sealed class Source : ILeaseSource
    {
        private readonly Channel<LeaseUpdate> _updates = Channel.CreateUnbounded<LeaseUpdate>();

        public bool Hangs { get; set; }

        public ManualResetEventSlim Release { get; } = new();

        public IReadOnlyList<Lease> Known { get; private set; } = [];

        public StoreLocation Location { get; } = new("Test", "memory");

        public StoreStatus Status => StoreStatus.Initial;

        public IReadOnlyDictionary<string, string> Problems { get; } = new Dictionary<string, string>();

        public void Say(params Lease[] leases) => Say(new LeaseUpdate.Snapshot(leases));

        public void Say(LeaseUpdate update) => _updates.Writer.TryWrite(update).ShouldBeTrue();

        public async IAsyncEnumerable<LeaseUpdate> WatchAsync(
            IReadOnlyList<Lease> known, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            Known = known;
            if (Hangs) Release.Wait(CancellationToken.None);
            await foreach (LeaseUpdate update in _updates.Reader.ReadAllAsync(cancellationToken)) yield return update;
        }

        public IAsyncEnumerable<PodCidrs> WatchPodCidrsAsync(CancellationToken cancellationToken) =>
            AsyncEnumerable.Empty<PodCidrs>();

        public Task<NodeSettings> ReadSettingsAsync(string node, CancellationToken cancellationToken) =>
            Task.FromResult(NodeSettings.None);

        public Task<PodCidrs> AcquireAsync(PodCidrRequest request, CancellationToken cancellationToken) =>
            Task.FromResult(request.Configured);

        public Task ReportReadyAsync(string node, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<Lease?> FindAsync(string node, CancellationToken cancellationToken) =>
            Task.FromResult<Lease?>(null);

        public Task PublishAsync(Lease own, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task WithdrawAsync(string node, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
