using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Problems;

/// <summary>
/// Catches the faults that a part of the daemon did not expect: on a thread, a timer or a task of its own they would
/// end the process at once, with all that it made left behind, or go unseen.
/// </summary>
/// <remarks>Any thread may call. A part is a subject: "the packet filter".</remarks>
/// <param name="board">Shows a part that fails, until it works again.</param>
/// <param name="logger">Logs a fault with its stack trace, once as long as it stays the same.</param>
internal sealed class PartGuard(ProblemBoard board, ILogger logger)
{
    private readonly ConcurrentDictionary<string, PartState> _parts = new(StringComparer.Ordinal);

    /// <summary>How often each part that has begun has failed, by its name.</summary>
    public IReadOnlyList<(string Part, long Faults)> Counts =>
        [.. _parts.OrderBy(static part => part.Key, StringComparer.Ordinal)
            .Select(static part => (part.Key, part.Value.Faults))];

    /// <summary>Runs one step of a part, which may be run again after a fault.</summary>
    /// <returns>False after a fault.</returns>
    public bool Try(string part, Action step)
    {
        try
        {
            step();
        }
#pragma warning disable CA1031 // The part's own catches are behind it: here is the last one before the process's end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Note(part, exception);
            return false;
        }

        Recover(part);
        return true;
    }

    /// <summary>Takes back what is shown of an earlier fault: the part works, or begins anew, or is over.</summary>
    public void Recover(string part)
    {
        if (StateOf(part).TryRecover()) board.Report(KeyOf(part), ProblemSeverity.Warning);
    }

    /// <summary>Counts a fault that ends the daemon, which logs it.</summary>
    public void Count(string part) => StateOf(part).Add();

    private void Note(string part, Exception fault)
    {
        PartState state = StateOf(part);
        state.Add();
        string text = $"{fault.GetType().Name}: {fault.Message}";
        if (state.IsNew(text)) logger.PartFailed(part, fault);
        board.Report(
            KeyOf(part), ProblemSeverity.Warning,
            $"{part} has failed and begins anew ({text}): this is a defect of overlayd, whose log has more; please "
            + "report it");
    }

    private PartState StateOf(string part) => _parts.GetOrAdd(part, static _ => new PartState());

    private static string KeyOf(string part) => $"fault of {part}";

    private sealed class PartState
    {
        private long _faults;
        private volatile string? _last;

        public long Faults => Interlocked.Read(ref _faults);

        public void Add() => Interlocked.Increment(ref _faults);

        public bool IsNew(string text)
        {
            bool isNew = text != _last;
            _last = text;
            return isNew;
        }

        public bool TryRecover()
        {
            bool hadFailed = _last is not null;
            _last = null;
            return hadFailed;
        }
    }
}
