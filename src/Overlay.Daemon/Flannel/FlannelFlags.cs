namespace Overlay.Daemon.Flannel;

/// <summary>
/// The flags of flanneld (flannel 0.28, main.go), each by its own name, and the keys of ours that they set. Every flag is
/// a variable too: <c>FLANNELD_ETCD_ENDPOINTS</c>.
/// </summary>
internal static class FlannelFlags
{
    /// <summary>The beginning of the variables' names.</summary>
    public const string VariablePrefix = "FLANNELD_";

    /// <summary>Flags that set one key to their value as it is.</summary>
    public static IReadOnlyDictionary<string, string> Keys { get; } = new Dictionary<string, string>
    {
        ["etcd-prefix"] = "Overlay:ControlPlane:Etcd:Prefix",
        ["etcd-keyfile"] = "Overlay:ControlPlane:Etcd:KeyFile",
        ["etcd-certfile"] = "Overlay:ControlPlane:Etcd:CertFile",
        ["etcd-cafile"] = "Overlay:ControlPlane:Etcd:CaFile",
        ["etcd-username"] = "Overlay:ControlPlane:Etcd:Username",
        ["etcd-password"] = "Overlay:ControlPlane:Etcd:Password",
        ["subnet-lease-renew-margin"] = "Overlay:ControlPlane:Etcd:RenewMarginMinutes",
        ["kube-api-url"] = "Overlay:ControlPlane:Kubernetes:ApiServer",
        ["kubeconfig-file"] = "Overlay:ControlPlane:Kubernetes:Kubeconfig",
        ["kube-annotation-prefix"] = "Overlay:ControlPlane:Kubernetes:AnnotationPrefix",
        ["subnet-file"] = "Overlay:SubnetFile",
        ["public-ip"] = "Overlay:PublicIp",
        ["public-ipv6"] = "Overlay:PublicIpV6",
    };

    /// <summary>Flags with a rule of their own.</summary>
    public static IReadOnlyList<string> Others { get; } =
    [
        "etcd-endpoints", "iface", "iface-regex", "iface-can-reach", "net-config-path", "healthz-ip", "healthz-port", "v",
    ];

    /// <summary>Flags that need no value to be true.</summary>
    public static IReadOnlyList<string> Switches { get; } =
    [
        "ip-masq", "kube-subnet-mgr", "version", "ip-masq-fully-random-disable", "set-node-network-unavailable",
        "iptables-forward-rules", "ip-blackhole-route",
    ];

    /// <summary>Flags without a meaning here: overlayd does by itself what they are for, or logs otherwise.</summary>
    public static IReadOnlyList<string> Ignored { get; } = ["iptables-resync", "vmodule", "log_backtrace_at"];

    /// <summary>Switches that overlayd does not honour, with the value that it acts by.</summary>
    public static IReadOnlyDictionary<string, bool> Fixed { get; } = new Dictionary<string, bool>
    {
        ["ip-masq-fully-random-disable"] = false,
        ["set-node-network-unavailable"] = true,
        ["iptables-forward-rules"] = true,
    };

    /// <summary>Every flag.</summary>
    public static IEnumerable<string> All => [.. Keys.Keys, .. Others, .. Switches, .. Ignored];
}
