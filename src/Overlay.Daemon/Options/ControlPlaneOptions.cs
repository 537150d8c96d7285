using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;

namespace Overlay.Daemon.Options;

/// <summary>Where leases come from.</summary>
internal sealed record ControlPlaneOptions
{
    public required ControlPlaneKind Kind { get; init; }

    /// <summary>Directory of the file control plane.</summary>
    public required string LeaseDirectory { get; init; }

    public required EtcdOptions Etcd { get; init; }

    public required KubernetesOptions Kubernetes { get; init; }

    /// <summary>
    /// A flannel net-conf.json for Kubernetes, whose API has no place for it; null for section Network.
    /// </summary>
    public string? NetConf { get; init; }

    /// <summary>
    /// How long peers are kept that a list of the store lacks, when it lacks most of them; zero for not at all.
    /// </summary>
    public required TimeSpan Hold { get; init; }

    /// <summary>The store says what section Network would say.</summary>
    public bool GivesNetwork =>
        Kind == ControlPlaneKind.Etcd || (Kind == ControlPlaneKind.Kubernetes && NetConf is not null);

    /// <summary>The store says which pod CIDRs this node has.</summary>
    public bool GivesPodCidrs => Kind != ControlPlaneKind.File;

    /// <summary>
    /// A stop takes this node's lease out of the store; elsewhere it outlives the daemon, as flannel's does.
    /// </summary>
    public bool WithdrawsLease => !GivesPodCidrs;
}
