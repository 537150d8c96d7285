using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Etcd;
using Overlay.ControlPlane.Sources.Etcd.Client;
using Overlay.ControlPlane.Sources.Kubernetes;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;

namespace Overlay.Daemon.Options;

/// <summary>Reads section ControlPlane. Every key is checked for its spelling, values only where they are of use.</summary>
internal static class ControlPlaneReader
{
    private const int DefaultHoldSeconds = 60;
    private const string DefaultEndpoint = "http://127.0.0.1:2379";

    public static ControlPlaneOptions Read(SectionReader controlPlane, string nodeName)
    {
        ControlPlaneKind kind = controlPlane.Choice("Kind", ControlPlaneKind.File);
        SectionReader kubernetes = controlPlane.Section("Kubernetes", kind == ControlPlaneKind.Kubernetes);
        ControlPlaneOptions options = new()
        {
            Kind = kind,
            LeaseDirectory = ReadFile(controlPlane.Section("File", kind == ControlPlaneKind.File)),
            Etcd = ReadEtcd(controlPlane.Section("Etcd", kind == ControlPlaneKind.Etcd)),
            Kubernetes = ReadKubernetes(kubernetes, nodeName),
            NetConf = kubernetes.ExistingFile("NetConf", "/etc/kube-flannel/net-conf.json"),

            // As long as what a node has withdrawn is kept for it: a store that was emptied is full again by then, and
            // packets to nodes that are gone cost nobody anything.
            Hold = TimeSpan.FromSeconds(controlPlane.Integer("HoldSeconds", DefaultHoldSeconds, 0, 3600)),
        };
        kubernetes.RefuseUnknown();
        controlPlane.RefuseUnknown();
        return options;
    }

    private static string ReadFile(SectionReader file)
    {
        string directory = file.DirectoryPath("Directory", "/var/lib/overlay/leases");
        file.RefuseUnknown();
        return directory;
    }

    private static EtcdOptions ReadEtcd(SectionReader etcd)
    {
        string prefix = etcd.Text("Prefix", EtcdOptions.DefaultPrefix);
        if (!prefix.StartsWith('/') || prefix.TrimEnd('/').Length == 0)
            etcd.Fault("Prefix", prefix, "is no key that begins with a slash", EtcdOptions.DefaultPrefix);
        EtcdOptions options = new()
        {
            Endpoints = etcd.Urls("Endpoints", DefaultEndpoint),
            Prefix = prefix.TrimEnd('/'),
            CaFile = etcd.ExistingFile("CaFile", "/etc/etcd/ca.pem"),
            CertFile = etcd.ExistingFile("CertFile", "/etc/etcd/client.pem"),
            KeyFile = etcd.ExistingFile("KeyFile", "/etc/etcd/client-key.pem"),
            Username = etcd.OptionalText("Username"),
            Password = etcd.OptionalText("Password"),
            RenewMargin = TimeSpan.FromMinutes(etcd.Integer("RenewMarginMinutes", 60, 1, 1439)),
        };
        if (options.CertFile is not null && options.KeyFile is null) etcd.Fault("KeyFile", "", "is empty, and CertFile is not", "/etc/etcd/client-key.pem");
        if (options.KeyFile is not null && options.CertFile is null) etcd.Fault("CertFile", "", "is empty, and KeyFile is not", "/etc/etcd/client.pem");
        if (options.Username is not null && options.Password is null) etcd.Fault("Password", "", "is empty, and Username is not", "the password of that user");
        if (options.Password is not null && options.Username is null) etcd.Fault("Username", "", "is empty, and Password is not", "overlay");
        etcd.RefuseUnknown();
        return options;
    }

    private static KubernetesOptions ReadKubernetes(SectionReader kubernetes, string nodeName)
    {
        string prefix = kubernetes.Text("AnnotationPrefix", KubernetesOptions.DefaultAnnotationPrefix);
        if (!AnnotationKeys.TryParse(prefix, out _))
        {
            kubernetes.Fault(
                "AnnotationPrefix", prefix, "is no lower-case DNS name with a dot, alone or with a slash and letters, digits, '_' or '-' behind it",
                KubernetesOptions.DefaultAnnotationPrefix);
        }

        return new KubernetesOptions
        {
            NodeName = nodeName,
            Kubeconfig = kubernetes.ExistingFile("Kubeconfig", "/etc/kubernetes/kubelet.conf") ?? "",
            ApiServer = kubernetes.Url("ApiServer", "https://192.0.2.10:6443")?.OriginalString ?? "",
            AnnotationPrefix = prefix,
        };
    }
}
