using Overlay.Daemon.Firewall;
using Overlay.Daemon.Options;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Checks;

/// <summary>Checks of this host's packet filter, beside the daemon's own part of it.</summary>
internal static class FirewallChecks
{
    public static IEnumerable<CheckResult> Chains(OverlayOptions options)
    {
        string device = DeviceNames.Of(options.Network.Vni);
        PodNetwork[] pods = [.. options.Network.Cidrs.Select(cluster => new PodNetwork(cluster, device))];

        // The daemon gives FORWARD of iptables rules of its own where that drops.
        return Found(
            "packet filter", "no chain keeps pods' packets from being forwarded",
            ForwardHook.List().Where(static hook => !hook.IsOfIptables).Select(hook => hook.Judge(pods)));
    }

    public static IEnumerable<CheckResult> Tunnels(OverlayOptions options)
    {
        ushort port = options.Network.Port;
        return Found(
            "tunnels' rules", $"no rule takes UDP port {port} by the state of a connection",
            [
                StateRules.Find(port) is { } rule
                    ? $"tunnels are accepted only as connections, which costs speed; a rule for udp dport {port} without "
                        + $"a state is better than this one: {rule}"
                    : null,
            ]);
    }

    public static IEnumerable<CheckResult> Services(OverlayOptions options) => Found(
        "services", "bridged packets are as kube-proxy needs them, or there are no Services", BridgeFilter.Find(options));

    private static IEnumerable<CheckResult> Found(string check, string good, IEnumerable<string?> faults)
    {
        CheckResult[] found = [.. faults.OfType<string>().Select(fault => CheckResult.Warning(check, fault))];
        return found.Length > 0 ? found : [CheckResult.Good(check, good)];
    }
}
