using System.Diagnostics;
using Overlay.Dataplane.Counters;
using Overlay.Dataplane.Ebpf.Lifecycle;
using Overlay.Dataplane.Ebpf.Maps;
using Overlay.Dataplane.Packets;

namespace Overlay.Daemon.Networks;

/// <summary>
/// Packets that the eBPF tier has forwarded and dropped since this daemon began, read when somebody asks; kept when the tier
/// goes and comes, so that no sum falls.
/// </summary>
/// <remarks>Any thread may call.</remarks>
internal sealed class TierCounters
{
    // A report asks for a dozen sums, each of which would read all maps.
    private static readonly TimeSpan _freshness = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private EbpfTier? _tier;
    private long _readAt;
    private Sums _before = Sums.Zero;
    private Sums _first = Sums.Zero;
    private Sums _now = Sums.Zero;

    /// <summary>Counts there from now on; what an earlier process's tier has counted is left out.</summary>
    public void Begin(EbpfTier tier)
    {
        lock (_gate)
        {
            _first = _now = Sums.Of(tier.ReadCounters());
            _tier = tier;
        }
    }

    /// <summary>Takes the last counts: to be called before the tier is closed.</summary>
    public void End()
    {
        lock (_gate)
        {
            if (_tier is null) return;
            _before = _before.Plus(Sums.Of(_tier.ReadCounters()).Less(_first));
            _first = _now = Sums.Zero;
            _tier = null;
        }
    }

    /// <summary>The tier is on, or was.</summary>
    public bool IsUsed
    {
        get
        {
            lock (_gate) return _tier is not null || !ReferenceEquals(_before, Sums.Zero);
        }
    }

    /// <summary>The name under which reports and metrics have it, as each worker has one in either direction.</summary>
    public static string NameOf(Direction direction) => direction == Direction.Egress ? "egress-kernel" : "ingress-kernel";

    /// <summary>Inner packets passed on in that direction, and their bytes.</summary>
    public TrafficCount Forwarded(Direction direction) =>
        direction == Direction.Egress ? Read().Egress : Read().Ingress;

    /// <summary>Packets dropped in that direction for that reason.</summary>
    public long Dropped(Direction direction, DropReason reason) => Read().Drops[Sums.Index(direction, reason)];

    /// <summary>Adds what the tier has carried to the traffic of each VTEP.</summary>
    public void CollectTraffic()
    {
        lock (_gate) _tier?.Mirror.CollectTraffic();
    }

    /// <summary>Takes the samples of frames from addresses that no peer has.</summary>
    public IReadOnlyList<Stranger> TakeStrangers()
    {
        lock (_gate) return _tier?.TakeStrangers() ?? [];
    }

    private Sums Read()
    {
        lock (_gate)
        {
            if (_tier is not null && Stopwatch.GetElapsedTime(_readAt) > _freshness)
            {
                _now = Sums.Of(_tier.ReadCounters());
                _readAt = Stopwatch.GetTimestamp();
            }

            return _before.Plus(_now.Less(_first));
        }
    }

    private sealed record Sums(TrafficCount Egress, TrafficCount Ingress, IReadOnlyList<long> Drops)
    {
        private static readonly int _reasons = Enum.GetValues<DropReason>().Length;

        public static Sums Zero { get; } = new(default, default, new long[2 * _reasons]);

        public static int Index(Direction direction, DropReason reason) => ((int)direction * _reasons) + (int)reason;

        public static Sums Of(EbpfCounters counters)
        {
            long[] drops = new long[2 * _reasons];
            foreach (DropReason reason in Enum.GetValues<DropReason>())
                drops[Index(Direction.Ingress, reason)] = counters.Dropped(reason);

            // The kernel had no memory for the headers of a packet.
            drops[Index(Direction.Egress, DropReason.FullRing)] = counters.EgressFailed;
            return new Sums(counters.Egress, counters.Ingress, drops);
        }

        public Sums Plus(Sums other) => new(
            Egress + other.Egress, Ingress + other.Ingress, [.. Drops.Zip(other.Drops, static (one, two) => one + two)]);

        public Sums Less(Sums other) => new(
            Egress - other.Egress, Ingress - other.Ingress, [.. Drops.Zip(other.Drops, static (one, two) => one - two)]);
    }
}
