namespace Overlay.Daemon.Options;

/// <summary>Which store nodes keep their leases in.</summary>
internal enum ControlPlaneKind
{
    /// <summary>One JSON file a node in a directory.</summary>
    File,

    /// <summary>etcd, with flannel's keys.</summary>
    Etcd,

    /// <summary>Annotations of Kubernetes nodes, as flannel has them.</summary>
    Kubernetes,
}
