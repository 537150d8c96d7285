using Overlay.Bench.Rig.Peers;
using Overlay.Bench.Rig.Workloads;

namespace Overlay.Bench.Rig.Options;

/// <summary>
/// Which peers go with which workloads: converge with those that have a store, all others with the rest.
/// </summary>
internal static class Pairing
{
    private const string Example = $"--workloads {WorkloadCatalog.Converge} --peers overlay-file,overlay-etcd";

    /// <summary>The options with peers and workloads that go with each other, where they have none.</summary>
    /// <exception cref="UsageException">Some do not go with others; the message names both.</exception>
    public static RigOptions Complete(RigOptions options, IReadOnlyDictionary<string, string> environment)
    {
        (IReadOnlyList<string> peers, IReadOnlyList<string> workloads) = (options.Peers, options.Workloads);
        bool converges = workloads.Contains(WorkloadCatalog.Converge) || (workloads.Count == 0 && peers.Any(HasStore));
        if (workloads.Count == 0) workloads = converges ? [WorkloadCatalog.Converge] : WorkloadCatalog.Traffic;
        if (peers.Count == 0) peers = converges ? PeerCatalog.WithStore : PeerCatalog.Default(environment);
        if (converges && workloads.Count > 1)
        {
            throw new UsageException(
                $"--workloads {string.Join(',', workloads)}: {WorkloadCatalog.Converge} is about stores and not about "
                + "traffic, "
                    + $"and is measured alone; e.g. {Example}");
        }

        string strange = string.Join(',', peers.Where(peer => HasStore(peer) != converges));
        if (strange.Length == 0) return options with { Peers = peers, Workloads = workloads };
        throw new UsageException(converges
            ? $"--peers {strange}: has no store, whose changes workload {WorkloadCatalog.Converge} follows; e.g. "
                + $"{Example}"
            : $"--peers {strange}: carries traffic as overlay does, and is there for workload "
                + $"{WorkloadCatalog.Converge} alone; "
                + $"e.g. {Example}");
    }

    private static bool HasStore(string peer) => PeerCatalog.WithStore.Contains(peer);
}
