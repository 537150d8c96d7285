namespace Overlay.Daemon.Lifecycle;

/// <summary>What the process will return; the first fault decides.</summary>
internal sealed class ProcessOutcome
{
    private Exception? _fault;

    public int ExitCode => _fault is null ? Lifecycle.ExitCode.Success : Lifecycle.ExitCode.Failure;

    public Exception? Fault => _fault;

    /// <summary>Notes a fault; true for the first.</summary>
    public bool TryFail(Exception fault) => Interlocked.CompareExchange(ref _fault, fault, null) is null;
}
