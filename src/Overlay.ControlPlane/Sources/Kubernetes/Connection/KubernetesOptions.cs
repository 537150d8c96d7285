namespace Overlay.ControlPlane.Sources.Kubernetes.Connection;

/// <summary>
/// How the Kubernetes API server is reached, and which of its annotations are this network's. Immutable.
/// </summary>
public sealed record KubernetesOptions
{
    /// <summary>The prefix flannel uses unless told otherwise.</summary>
    public const string DefaultAnnotationPrefix = "flannel.alpha.coreos.com";

    /// <summary>This node's name, which is that of its Node object.</summary>
    public required string NodeName { get; init; }

    /// <summary>Path of a kubeconfig; empty to use what Kubernetes gives every pod.</summary>
    public string Kubeconfig { get; init; } = "";

    /// <summary>URL to use instead of the one the kubeconfig or the pod's environment says; empty for theirs.</summary>
    /// <remarks>On a cold node the ClusterIP leads nowhere before kube-proxy is up.</remarks>
    public string ApiServer { get; init; } = "";

    /// <summary>The prefix of annotation names, by flannel's rules: see <see cref="AnnotationKeys"/>.</summary>
    public string AnnotationPrefix { get; init; } = DefaultAnnotationPrefix;

    /// <summary>The directory in which a pod finds <c>token</c> and <c>ca.crt</c>.</summary>
    public string ServiceAccountDirectory { get; init; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    internal KubernetesTimings Timings { get; init; } = new();

    /// <summary>Gives environment variables: the pod's, proxies, KUBECONFIG.</summary>
    internal Func<string, string?> Variables { get; init; } = Environment.GetEnvironmentVariable;
}
