using Microsoft.Extensions.Logging;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.State;

/// <summary>Keeps a <see cref="WithdrawnClaim"/> over a restart, in <c>withdrawn.json</c>.</summary>
/// <remarks>
/// After a clean stop the store lacks this node's lease, but still has those of nodes that wait for its pod CIDR or
/// address. To the started node they look like the first holders.
/// </remarks>
public sealed class WithdrawnClaimStore
{
    /// <summary>
    /// How long the claim is good: ten seconds less than peers keep it, for the lease must be back by then.
    /// </summary>
    public static readonly TimeSpan GoodFor = WithdrawnClaim.KeptFor - TimeSpan.FromSeconds(10);

    private readonly string _path;
    private readonly LeaseSetFile _file;
    private readonly TimeProvider _time;

    /// <param name="stateDirectory">Made when missing.</param>
    /// <param name="store">The store that the lease is withdrawn from.</param>
    /// <param name="time">Clock by which the claim ages; it must go on over restarts.</param>
    /// <param name="logger">Logs a file that cannot be used or written.</param>
    public WithdrawnClaimStore(
        string stateDirectory, StoreLocation store, TimeProvider time, ILogger<WithdrawnClaimStore> logger)
    {
        _path = Path.Combine(stateDirectory, "withdrawn.json");
        _file = new(_path, store, "A peer that took the pod CIDR meanwhile keeps it", logger);
        _time = time;
    }

    /// <summary>Saves the lease that this node is about to withdraw, if it has rivals.</summary>
    public void Save(Lease own, PeersSnapshot peers)
    {
        List<Lease> rivals = [.. peers.Peers.Select(static peer => peer.Lease).Where(lease => IsRival(own, lease))];
        if (rivals.Count > 0) _file.Save([own, .. rivals]);
    }

    /// <summary>
    /// The lease that node withdrew a short while ago; null when it withdrew none, or nobody waited for it.
    /// </summary>
    public WithdrawnClaim? Load(string node)
    {
        TimeSpan age = _time.GetUtcNow() - File.GetLastWriteTimeUtc(_path);

        // Either way: file times and the clock may differ by a little, and a clock set back makes the file's age
        // unknown.
        if (age.Duration() > GoodFor || _file.Load() is not { } leases) return null;
        return leases.FirstOrDefault(lease => lease.Node == node) is { } own
            ? new(own, [.. leases.Where(lease => lease.Node != node)])
            : null;
    }

    // A lease that contradicts this node's is refused here, for as long as this node runs.
    private static bool IsRival(Lease own, Lease other) =>
        own.PodCidrs.Any(mine => other.PodCidrs.Any(mine.Overlaps))
            || own.PublicAddresses.Intersect(other.PublicAddresses).Any();
}

/// <summary>The lease of this node when it stopped, and the leases refused for its sake. Immutable.</summary>
/// <param name="Own">The lease that was withdrawn.</param>
/// <param name="Rivals">Leases of others that claimed some of it and never got it.</param>
public sealed record WithdrawnClaim(Lease Own, IReadOnlyList<Lease> Rivals)
{
    /// <summary>
    /// How long peers keep the claims of a node that has withdrawn its lease, should it only have restarted.
    /// </summary>
    /// <remarks>
    /// A restart takes seconds, a reboot of a small machine less than a minute. Nobody's packets pass meanwhile.
    /// </remarks>
    public static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(60);
}
