using Overlay.ControlPlane.Reconciliation;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Daemon.Problems;
using Overlay.Dataplane.Counters;

namespace Overlay.Daemon.Paths;

/// <summary>
/// Looks now and then at frames from addresses that no peer has: finds out whose they are, has the address taken as
/// that peer's, or says what is wrong.
/// </summary>
/// <remarks>Workers and kernel only leave samples, so a flood of such frames costs as much as a few of them.</remarks>
internal sealed class SenderWatch(
    NodeLifecycle lifecycle, NetworkCounters counters, OverlayOptions options, ProblemBoard problems,
    TimeProvider time) : LifecycleService, IDisposable
{
    private const string Key = "addresses that no peer has";

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(500);

    private readonly StrangerBook _book = new(time);
    private readonly Lock _gate = new();
    private ITimer? _timer;

    public override Task StartedAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(_ => problems.Guard.Try("the watch of senders", Look), null, _pause, _pause);
        return Task.CompletedTask;
    }

    public override Task StoppingAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _timer?.Dispose();

    /// <summary>The addresses that a peer sends from and its lease lacks, taken as its own or not.</summary>
    public IReadOnlyList<string> SendsFrom(string node)
    {
        LeaseReconciler? reconciler = (lifecycle.Phase as NodePhase.Made)?.Parts.Reconciler;
        return
        [
            .. (reconciler?.Senders ?? []).Where(sender => sender.Node == node).Select(static sender => sender.Address)
                .Concat(_book.Findings.Where(finding => finding.Node == node).Select(static finding => finding.Address))
                .Distinct().Select(static address => address.ToString()),
        ];
    }

    /// <summary>Takes the samples there are. A look that takes longer than the pause leaves out the next one.</summary>
    private void Look()
    {
        if (lifecycle.Phase is not NodePhase.Running running || !_gate.TryEnter()) return;
        try
        {
            for (int i = 0; i < counters.Queues; i++)
            {
                while (counters[i].Strangers.TryTake(out Stranger stranger)) Note(stranger);
            }

            foreach (Stranger stranger in counters.Kernel.TakeStrangers()) Note(stranger);
            if (_book.TryRefresh(out IReadOnlyList<string> texts))
                problems.Report(Key, ProblemSeverity.Warning, texts);
        }
        finally
        {
            _gate.Exit();
        }

        void Note(in Stranger stranger) => _book.Note(
            stranger.Address, running.Parts.Follower.Recognize(stranger, options.Dataplane.LearnSenders));
    }
}
