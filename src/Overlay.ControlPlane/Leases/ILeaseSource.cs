namespace Overlay.ControlPlane.Leases;

/// <summary>A store where every node keeps its lease, and which may also say what a node is to use.</summary>
/// <remarks>
/// A start asks in this order: <see cref="ReadSettingsAsync"/>, <see cref="FindAsync"/>, <see cref="AcquireAsync"/>,
/// <see cref="WatchAsync"/> (which goes on), <see cref="PublishAsync"/>, <see cref="ReportReadyAsync"/>. A start from
/// saved state, with the store away, leaves out what has no answer.
/// </remarks>
public interface ILeaseSource
{
    /// <summary>The kind of store and its place: <c>etcd http://127.0.0.1:2379 /coreos.com/network</c>.</summary>
    StoreLocation Location { get; }

    /// <summary>The state of the store. Any thread may read it.</summary>
    StoreStatus Status { get; }

    /// <summary>
    /// The present problems: file, key or object, each with the message. Empty when all is well. Any thread may read
    /// it.
    /// </summary>
    IReadOnlyDictionary<string, string> Problems { get; }

    /// <summary>
    /// Wishes of the store that this network does not carry out, each in a sentence. Empty when all is well. Any thread
    /// may read it.
    /// </summary>
    IReadOnlyList<string> Warnings => [];

    /// <summary>
    /// The number of watches that ended for that reason in this run; zero where a store is watched otherwise. Any thread may
    /// call.
    /// </summary>
    long WatchRestarts(WatchEnd end) => 0;

    /// <summary>
    /// The number of times that all entries were read anew in this run, after a watch whose changes were lost; zero where a
    /// store is watched otherwise. Any thread may call.
    /// </summary>
    long Relists => 0;

    /// <summary>
    /// The end of the client certificate that the store is shown; null where there is none. Any thread may call.
    /// </summary>
    DateTimeOffset? CertificateExpiry => null;

    /// <summary>
    /// The settings that the store has for a node, apart from its pod CIDRs. Waits until the store has them.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The store's values cannot be used; the message names key, value and an example.
    /// </exception>
    Task<NodeSettings> ReadSettingsAsync(string node, CancellationToken cancellationToken);

    /// <summary>The lease the store holds for that node; null when there is none, or none that makes sense.</summary>
    /// <remarks>
    /// A store without names of nodes finds the lease only after <see cref="AcquireAsync"/>, which keeps the lease of
    /// an earlier daemon of this node: peers send to the VTEP MAC in it.
    /// </remarks>
    /// <exception cref="IOException">The store does not answer.</exception>
    Task<Lease?> FindAsync(string node, CancellationToken cancellationToken);

    /// <summary>
    /// This node's pod CIDRs, from the store where it gives them. Waits until it has, and logs the reason for the wait.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The store's values cannot be used; the message names key, value and an example.
    /// </exception>
    Task<PodCidrs> AcquireAsync(PodCidrRequest request, CancellationToken cancellationToken);

    /// <summary>Every lease, this node's own too: a snapshot first, then changes. One watch at a time.</summary>
    /// <param name="known">
    /// The leases of the last run. They are protected like those that this run has read: from an entry that is damaged,
    /// and from a store that is empty because it is not the right one.
    /// </param>
    /// <param name="cancellationToken">Ends the watch with <see cref="OperationCanceledException"/>.</param>
    /// <remarks>
    /// Waits, rather than end or send an empty snapshot, while the store cannot be read. The watch also keeps the
    /// published lease in the store: renews it, and writes it again where somebody removed it.
    /// </remarks>
    IAsyncEnumerable<LeaseUpdate> WatchAsync(IReadOnlyList<Lease> known, CancellationToken cancellationToken);

    /// <summary>
    /// Other pod CIDRs than those this node has published, whenever the store gives it some. One reader at a time.
    /// </summary>
    /// <remarks>
    /// Found by a running <see cref="WatchAsync"/>. A reader that is slower than the store gets the newest only. A
    /// store that gives no pod CIDRs yields nothing. Ends with <see cref="OperationCanceledException"/>.
    /// </remarks>
    IAsyncEnumerable<PodCidrs> WatchPodCidrsAsync(CancellationToken cancellationToken);

    /// <summary>Announces this node, replacing what it announced before.</summary>
    /// <exception cref="IOException">The store could not be written. A running watch tries again.</exception>
    Task PublishAsync(Lease own, CancellationToken cancellationToken);

    /// <summary>
    /// Reports to a store with a notion of readiness that pods' packets flow on this node; does nothing elsewhere.
    /// </summary>
    /// <exception cref="IOException">The store could not be written.</exception>
    Task ReportReadyAsync(string node, CancellationToken cancellationToken);

    /// <summary>Removes the node's lease from the store at a stop; no error when there is none.</summary>
    /// <remarks>A store whose leases outlive the daemon, as flannel's do in etcd and Kubernetes, keeps it.</remarks>
    /// <exception cref="IOException">The store could not be written.</exception>
    Task WithdrawAsync(string node, CancellationToken cancellationToken);
}
