using System.Text.Json.Nodes;
using Overlay.ControlPlane.Leases;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.Testing.Kubernetes;

namespace Overlay.ControlPlane.Tests;

/// <summary>Nodes that announce the leases of <see cref="SampleLeases"/>, as flannel would.</summary>
internal static class SampleNodes
{
    public const string Prefix = "flannel.alpha.coreos.com/";

    public static AnnotationKeys Keys { get; } =
        AnnotationKeys.TryParse(KubernetesOptions.DefaultAnnotationPrefix, out AnnotationKeys? keys)
            ? keys
            : throw new InvalidOperationException();

    /// <summary>A Node with that lease's pod CIDRs and no annotations.</summary>
    public static JsonObject Bare(Lease lease) =>
        NodeJson.Of(lease.Node, [.. lease.PodCidrs.Select(static prefix => prefix.ToString())]);

    public static JsonObject Of(Lease lease)
    {
        JsonObject node = Bare(lease)
            .With(Prefix + "backend-type", lease.BackendType).With(Prefix + "kube-subnet-manager", "true");
        if (lease.BackendData is { } data)
            node = node.With(Prefix + "backend-data", $$"""{"VNI":{{data.Vni}},"VtepMAC":"{{data.Mac}}"}""").With(Prefix + "public-ip", $"{lease.PublicIp}");
        if (lease.BackendV6Data is { } dataV6)
            node = node.With(Prefix + "backend-v6-data", $$"""{"VNI":{{dataV6.Vni}},"VtepMAC":"{{dataV6.Mac}}"}""").With(Prefix + "public-ipv6", $"{lease.PublicIpV6}");
        return node;
    }
}
