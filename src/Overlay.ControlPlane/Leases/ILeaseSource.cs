namespace Overlay.ControlPlane;

/// <summary>A store where every node keeps its lease.</summary>
public interface ILeaseSource
{
    /// <summary>What is wrong right now: file, key or object, with the message. Empty when all is well. Any thread may read it.</summary>
    IReadOnlyDictionary<string, string> Problems { get; }

    /// <summary>Every lease, this node's own too: a snapshot first, then what changes. One watch at a time.</summary>
    /// <remarks>
    /// Waits, rather than end or send an empty snapshot, while the store cannot be read.
    /// Ends with <see cref="OperationCanceledException"/> when cancelled.
    /// </remarks>
    IAsyncEnumerable<LeaseUpdate> WatchAsync(CancellationToken cancellationToken);

    /// <summary>The lease the store holds for that node; null when there is none, or none that makes sense.</summary>
    Task<Lease?> FindAsync(string node, CancellationToken cancellationToken);

    /// <summary>Announces this node, replacing what it announced before.</summary>
    /// <exception cref="IOException">The store could not be written. A running watch tries again.</exception>
    Task PublishAsync(Lease own, CancellationToken cancellationToken);

    /// <summary>Takes the node's lease out of the store; no error when there is none.</summary>
    /// <exception cref="IOException">The store could not be written.</exception>
    Task WithdrawAsync(string node, CancellationToken cancellationToken);
}
