using Overlay.Daemon.CniInstall;
using Overlay.Daemon.Firewall;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Options;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Checks;

/// <summary>Checks of what else is on this host: other networks, flannel, the container runtime.</summary>
internal static class NeighbourChecks
{
    public static IEnumerable<CheckResult> AddressPlan(OverlayOptions options)
    {
        IReadOnlyList<string> meetings = new HostAddressPlan(options, DeviceNames.Of(options.Network.Vni)).Find();
        return meetings.Count > 0
            ? meetings.Select(static meeting => CheckResult.Warning("address plan", meeting))
            : [CheckResult.Good("address plan", "no network or route of this host meets the cluster's")];
    }

    public static IEnumerable<CheckResult> Flannel(OverlayOptions options)
    {
        using RouteNetlink netlink = new();
        if (FormerFlannel.Devices(netlink, options.Network.Vni) is not [{ } device, ..])
            return [CheckResult.Good("flannel", "no device of flannel's is here")];
        if (new FlannelProcesses().Find() is { } sight)
            return
            [
                CheckResult.Problem(
                    "flannel",
                    $"{FlannelProcesses.DaemonName} runs ({sight}) and has device {device.Name} and the port, so overlayd "
                    + $"does not start: systemctl stop {FlannelProcesses.DaemonName}, or delete its pod"),
            ];
        return
        [
            options.ControlPlane.GivesPodCidrs
                ? CheckResult.Good("flannel", $"{device.Name} is left of flannel, and taken over at the start")
                : CheckResult.Warning(
                    "flannel", $"{device.Name} is left of flannel and has the port: ip link delete {device.Name}"),
        ];
    }

    public static IEnumerable<CheckResult> Runtime(OverlayOptions options)
    {
        CniInstallOptions cni = options.CniInstall;
        CniConfigurations configurations = new(cni);
        List<CheckResult> results =
        [
            .. configurations.Problems(new CniPluginVersions())
                .Select(static text => CheckResult.Problem("container runtime", text)),
        ];
        if (cni.Enabled || configurations.Callers().Count > 0)
            results.AddRange(
                configurations.Warnings().Select(static text => CheckResult.Warning("container runtime", text)));
        if (results.Count > 0) return results;
        return
        [
            CheckResult.Good("container runtime", configurations.Callers() is [string caller, ..]
                ? $"{caller} calls the plugin"
                : $"no configuration in {cni.ConfigDirectory} calls the plugin"),
        ];
    }
}
