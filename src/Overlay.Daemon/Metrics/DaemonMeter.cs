using System.Diagnostics.Metrics;
using Overlay.Daemon.Probes;

namespace Overlay.Daemon.Metrics;

/// <summary>The daemon's meter, and the instruments that parts of the daemon write to as things happen.</summary>
/// <remarks>Any thread may write. All other metrics are read from the parts: <see cref="DaemonMetrics"/>.</remarks>
internal sealed class DaemonMeter : IDisposable
{
    public const string Name = "Overlay";

    private readonly EarlyHistogram _convergence;
    private readonly EarlyHistogram _roundTrips;
    private readonly EarlyHistogram _cni;

    public DaemonMeter()
    {
        // From a small change, which takes some milliseconds, to a list of thousands of peers on a busy host.
        _convergence = new(
            Meter, "overlay_convergence_seconds",
            "Time from the arrival of a change of the store to the forwarding table that has it.",
            [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]);

        // From two nodes of a rack to two continents and a queue.
        _roundTrips = new(
            Meter, "overlay_probe_rtt_seconds", "Round trips of probes to peers and back.",
            [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]);

        // From a DEL of nothing to an ADD that waits for a lock.
        _cni = new(
            Meter, "overlay_cni_duration_seconds", "Time that the CNI plugin took for a call.",
            [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]);
    }

    public Meter Meter { get; } = new(Name, BuildVersion.Text);

    /// <summary>A change of the store is in the forwarding table, so long after it arrived.</summary>
    public void Converged(TimeSpan time) => _convergence.Record(time);

    /// <summary>A peer has been probed.</summary>
    public void Probed(PeerPing ping)
    {
        KeyValuePair<string, object?> family = new("family", FamilyName.Of(ping.Peer.Address.Family));
        foreach (TimeSpan time in ping.Rtt?.Times ?? []) _roundTrips.Record(time, family);
    }

    /// <summary>A container runtime has called the CNI plugin.</summary>
    /// <param name="command">As metrics name it.</param>
    /// <param name="time">The time that the call took.</param>
    public void Called(string command, TimeSpan time) =>
        _cni.Record(time, new KeyValuePair<string, object?>("cmd", command));

    /// <summary>Somebody collects from now on: gives what was measured before, too.</summary>
    public void Flush()
    {
        _convergence.Flush();
        _roundTrips.Flush();
        _cni.Flush();
    }

    public void Dispose() => Meter.Dispose();
}
