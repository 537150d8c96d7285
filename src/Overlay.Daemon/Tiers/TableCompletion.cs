using Overlay.Daemon.Problems;
using Overlay.Dataplane.Ebpf.Mirroring;
using Overlay.Dataplane.Forwarding;

namespace Overlay.Daemon.Tiers;

/// <summary>
/// Writes the forwarding table into the kernel's maps again where the kernel has refused a part, as for want of memory.
/// </summary>
/// <remarks>Used by one thread at a time.</remarks>
internal sealed class TableCompletion(TablePublisher table, ProblemBoard problems)
{
    private const string Key = "tier-table";

    // Looks that pass between two comparisons of the whole table, where one after the other fails.
    private const int MostLooksBetween = 20;

    private int _looks;
    private int _looksBetween;

    /// <summary>Tries again what is missing, ever less often, and reports what still is.</summary>
    public void Look(TableMirror mirror)
    {
        if (!mirror.IsComplete && ++_looks > _looksBetween)
        {
            (_looks, _looksBetween) = (0, Math.Min((2 * _looksBetween) + 1, MostLooksBetween));
            table.Repeat(mirror);
        }

        if (mirror.IsComplete)
        {
            End();
            return;
        }

        problems.Report(
            Key, ProblemSeverity.Problem,
            "the kernel's maps lack a part of the forwarding table, and packets of those peers are dropped; the log has "
            + "the reason");
    }

    /// <summary>Forgets the mirror: another one begins anew.</summary>
    public void End()
    {
        (_looks, _looksBetween) = (0, 0);
        problems.Report(Key, ProblemSeverity.Problem);
    }
}
