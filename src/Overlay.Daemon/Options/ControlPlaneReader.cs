using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;

namespace Overlay.Daemon.Options;

/// <summary>
/// Reads section ControlPlane. Every key is checked for its spelling, values only where they are of use.
/// </summary>
internal static class ControlPlaneReader
{
    private const int DefaultHoldSeconds = 60;

    public static ControlPlaneOptions Read(SectionReader controlPlane, string nodeName)
    {
        ControlPlaneKind kind = controlPlane.Choice(
            "Kind", ControlPlaneKind.File,
            "The store of the leases: a directory of files, etcd with flannel's keys, or the annotations of "
            + "Kubernetes nodes.");

        // As long as what a node has withdrawn is kept for it: a store that was emptied is full again by then, and
        // packets to nodes that are gone cost nobody anything.
        int hold = controlPlane.Integer(
            "HoldSeconds", DefaultHoldSeconds, 0, 3600,
            "How long peers stay that a list of the store lacks, when it lacks more than half of them; 0 for not at "
            + "all.");
        SectionReader kubernetes = controlPlane.Section("Kubernetes", kind == ControlPlaneKind.Kubernetes);
        ControlPlaneOptions options = new()
        {
            Kind = kind,
            Hold = TimeSpan.FromSeconds(hold),
            LeaseDirectory = ReadFile(controlPlane.Section("File", kind == ControlPlaneKind.File)),
            Etcd = EtcdOptionsReader.Read(controlPlane.Section("Etcd", kind == ControlPlaneKind.Etcd)),
            Kubernetes = ReadKubernetes(kubernetes, nodeName.ToLowerInvariant()),
            NetConf = kubernetes.ExistingFile(
                "NetConf", "/etc/kube-flannel/net-conf.json",
                "A flannel net-conf.json that gives the network; section Network where it is missing."),
        };
        kubernetes.RefuseUnknown();
        controlPlane.RefuseUnknown();
        return options;
    }

    private static string ReadFile(SectionReader file)
    {
        string directory =
            file.DirectoryPath("Directory", "/var/lib/overlay/leases", "The directory with one lease file a node.");
        file.RefuseUnknown();
        return directory;
    }

    private static KubernetesOptions ReadKubernetes(SectionReader kubernetes, string nodeName)
    {
        const string ByDefault = KubernetesOptions.DefaultAnnotationPrefix;
        string prefix = kubernetes.Text(
            "AnnotationPrefix", ByDefault, ByDefault, "The beginning of the names of flannel's annotations.");
        if (!AnnotationKeys.TryParse(prefix, out _))
        {
            kubernetes.Fault(
                "AnnotationPrefix", prefix,
                "is no lower-case DNS name with a dot, alone or with a slash and letters, digits, '_' or '-' behind it",
                ByDefault);
        }

        return new KubernetesOptions
        {
            NodeName = nodeName,
            Kubeconfig = kubernetes.ExistingFile(
                "Kubeconfig", "/etc/kubernetes/kubelet.conf",
                "A kubeconfig; where it is missing, those that KUBECONFIG names, else the pod's service account.")
                ?? "",
            ApiServer = kubernetes.Url(
                "ApiServer", "https://192.0.2.10:6443",
                "URL of the API server, in place of the kubeconfig's or the pod's. A ClusterIP leads nowhere before "
                + "kube-proxy is up.")
                ?.OriginalString ?? "",
            AnnotationPrefix = prefix,
        };
    }
}
