using Overlay.ControlPlane.Leases;
using Overlay.Daemon.Checks;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Problems;

namespace Overlay.Daemon.Admin;

/// <summary>A row of <c>overlayctl doctor</c>: a check, its severity (ok, warning or problem), and what was found.</summary>
internal sealed record CheckReport(string Check, string Severity, string Text)
{
    /// <summary>The host's checks, and what the daemon knows already.</summary>
    /// <param name="node">The node.</param>
    /// <param name="store">The store's report.</param>
    public static IReadOnlyList<CheckReport> Of(NodeStatus node, ControlPlaneReport store)
    {
        CheckResult[] known =
        [
            .. node.Problems.Select(static text => CheckResult.Problem("node", text)),
            .. node.Warnings.Select(static text => CheckResult.Warning("node", text)),
            node.WaitingFor is { } answer
                ? CheckResult.Problem("start", $"the daemon waits for {answer}")
                : CheckResult.Good("start", "the daemon waits for nothing"),
            .. Store(store), .. Peers(node),
        ];
        HashSet<string> texts = [.. known.Select(static result => result.Text)];
        return
        [
            .. known.Concat(HostChecks.Run(node.Options, isRunning: true)
                .Where(result => !texts.Contains(result.Text))).Select(Of),
        ];
    }

    private static CheckReport Of(CheckResult result) => new(result.Check, result.Severity switch
    {
        ProblemSeverity.Problem => "problem",
        ProblemSeverity.Warning => "warning",
        _ => "ok",
    }, result.Text);

    private static IEnumerable<CheckResult> Store(ControlPlaneReport store)
    {
        string place = $"{store.Kind} {store.Source}";
        if (store.State == "connected") yield return CheckResult.Good("store", $"{place} answers");
        else
            yield return CheckResult.Warning(
                "store", $"{place} does not answer{(store.AgeSeconds is { } age ? $" for {age} s" : "")}: changes of "
                + "peers are not seen; is it up, and is its address right in overlayctl config?");
        foreach (string problem in store.Problems) yield return CheckResult.Warning("store", problem);
    }

    private static IEnumerable<CheckResult> Peers(NodeStatus node)
    {
        int refused = 0;
        foreach (PeerLease peer in node.Peers.Peers.Where(static peer => peer.Verdict == LeaseVerdict.Refused))
        {
            refused++;
            yield return CheckResult.Warning("peers", $"{peer.Lease.Node} is refused: {peer.Reason}");
        }

        if (refused == 0) yield return CheckResult.Good("peers", "none is refused");
    }
}
