namespace Overlay.Daemon;

/// <summary>How the Kubernetes API is reached, and which annotations hold the leases.</summary>
public sealed record KubernetesOptions
{
    /// <summary>Path of a kubeconfig; null for the pod's service account.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Address of the API server; null for the kubeconfig's or the pod's.</summary>
    public Uri? ApiServer { get; init; }

    /// <summary>What the annotations' keys begin with, as flannel's option takes it.</summary>
    public required string AnnotationPrefix { get; init; }
}
