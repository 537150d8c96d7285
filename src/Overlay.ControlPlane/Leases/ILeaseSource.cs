namespace Overlay.ControlPlane;

/// <summary>A store where every node keeps its lease.</summary>
public interface ILeaseSource
{
    /// <summary>What is wrong right now: file, key or object, with the message. Empty when all is well. Any thread may read it.</summary>
    IReadOnlyDictionary<string, string> Problems { get; }

    /// <summary>Every lease, this node's own too: a snapshot first, then what changes. One watch at a time.</summary>
    /// <param name="known">
    /// What the last run knew. It is protected as what this run has read itself would be: from an entry that is damaged,
    /// and from a store that is empty because it is not the right one.
    /// </param>
    /// <param name="cancellationToken">Ends the watch with <see cref="OperationCanceledException"/>.</param>
    /// <remarks>Waits, rather than end or send an empty snapshot, while the store cannot be read.</remarks>
    IAsyncEnumerable<LeaseUpdate> WatchAsync(IReadOnlyList<Lease> known, CancellationToken cancellationToken);

    /// <summary>The lease the store holds for that node; null when there is none, or none that makes sense.</summary>
    /// <exception cref="IOException">The store does not answer.</exception>
    Task<Lease?> FindAsync(string node, CancellationToken cancellationToken);

    /// <summary>Announces this node, replacing what it announced before.</summary>
    /// <exception cref="IOException">The store could not be written. A running watch tries again.</exception>
    Task PublishAsync(Lease own, CancellationToken cancellationToken);

    /// <summary>Takes the node's lease out of the store; no error when there is none.</summary>
    /// <exception cref="IOException">The store could not be written.</exception>
    Task WithdrawAsync(string node, CancellationToken cancellationToken);
}
