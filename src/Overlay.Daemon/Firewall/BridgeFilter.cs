using Overlay.Daemon.Options;
using Overlay.Host.Kernel;

namespace Overlay.Daemon.Firewall;

/// <summary>
/// Whether the kernel shows bridged packets to the rules of iptables and nftables, as kube-proxy needs for pods of one
/// node.
/// </summary>
/// <remarks>
/// It matters wherever there are Services, with any store: between pods of one node the answer is bridged past the
/// rules that would restore the Service's address. Without Services nothing translates between pods.
/// </remarks>
internal static class BridgeFilter
{
    /// <summary>A sentence for each family whose setting is wrong.</summary>
    public static IReadOnlyList<string> Find(OverlayOptions options)
    {
        List<string> warnings = [];
        if (options.ControlPlane.Kind != ControlPlaneKind.Kubernetes && options.ServiceCidrs.Count == 0)
            return warnings;
        if (options.Subnet is not null) Check("net/bridge/bridge-nf-call-iptables", warnings);
        if (options.SubnetV6 is not null) Check("net/bridge/bridge-nf-call-ip6tables", warnings);
        return warnings;
    }

    private static void Check(string parameter, List<string> warnings)
    {
        string? value = Sysctl.Get(parameter);
        if (value == "1") return;
        string name = parameter.Replace('/', '.');
        warnings.Add(value is null
            ? $"{name} is not there: a Service whose pod is on the client's own node may not answer; load br_netfilter"
            : $"{name} is {value}: a Service whose pod is on the client's own node may not answer; set it to 1");
    }
}
