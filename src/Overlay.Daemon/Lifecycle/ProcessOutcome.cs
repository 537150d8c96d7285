namespace Overlay.Daemon.Lifecycle;

/// <summary>What the process will return; the first fault decides.</summary>
internal sealed class ProcessOutcome
{
    private Exception? _fault;
    private volatile IDisposable? _connection;

    public int ExitCode => _fault is null ? Lifecycle.ExitCode.Success : Lifecycle.ExitCode.Failure;

    public Exception? Fault => _fault;

    /// <summary>Another process has the node: what it needs is left to it.</summary>
    public bool IsHandedOver => _connection is not null;

    /// <summary>The process that has the node; null for none, 0 for one of another pid namespace.</summary>
    public int? Successor { get; private set; }

    /// <summary>Another process has the node.</summary>
    /// <param name="process">Its number, 0 where it is of a pid namespace of its own.</param>
    /// <param name="connection">To be closed when this one has ended all that it does.</param>
    public void HandOverTo(int process, IDisposable connection) => (Successor, _connection) = (process, connection);

    /// <summary>Tells the other process that this one does nothing any more.</summary>
    public void Leave() => _connection?.Dispose();

    /// <summary>Notes a fault; true for the first.</summary>
    public bool TryFail(Exception fault) => Interlocked.CompareExchange(ref _fault, fault, null) is null;
}
