using System.Globalization;
using Overlay.Host.Files;
using Overlay.Host.Netlink;

namespace Overlay.Daemon.Flannel;

/// <summary>The configuration that a flanneld's flags stand for, in keys of ours.</summary>
internal static class FlannelConfiguration
{
    private const string DefaultEndpoints = "http://127.0.0.1:4001,http://127.0.0.1:2379";
    private const string DefaultNetConf = "/etc/kube-flannel/net-conf.json";

    /// <summary>The keys, each with its value.</summary>
    /// <param name="flags">As flanneld was started with.</param>
    /// <param name="netlink">Finds the interface.</param>
    /// <exception cref="Overlay.Daemon.Options.ConfigurationException">A flag's value cannot be.</exception>
    /// <exception cref="Overlay.Host.Interop.LinuxException">rtnetlink refused.</exception>
    public static Dictionary<string, string?> Keys(FlannelCommandLine flags, RouteNetlink netlink)
    {
        Dictionary<string, string?> keys = new()
        {
            // flanneld leaves device, routes and rules to its next start, and does not masquerade unasked. The record of
            // the device has to outlive the container, as the subnet file's directory does in flannel's manifest.
            ["Overlay:KeepAtStop"] = "true",
            ["Overlay:StateDirectory"] = Path.Combine(
                Path.GetDirectoryName(flags["subnet-file"] ?? NodePaths.SubnetFile) ?? "/run/flannel", "overlay"),
            ["Overlay:IpMasq"] = Word(flags.Is("ip-masq", fallback: false)),
        };
        foreach ((string flag, string key) in FlannelFlags.Keys)
        {
            if (flags[flag] is { Length: > 0 } value) keys[key] = value;
        }

        if (flags.Is("kube-subnet-mgr", fallback: false)) AddKubernetes(keys, flags);
        else AddEtcd(keys, flags);
        if (new FlannelInterface(netlink).Find(flags) is { } name) keys["Overlay:Interface"] = name;
        if (Port(flags) is not "0") keys["Overlay:Admin:Http"] = $"{Address(flags)}:{Port(flags)}";
        if (flags["v"] is { } level && level.Trim('0').Length > 0) keys["Serilog:MinimumLevel"] = "Debug";
        return keys;
    }

    /// <summary>A sentence for each flag that overlayd does not honour.</summary>
    public static IEnumerable<string> Unhonoured(FlannelCommandLine flags) => FlannelFlags.Fixed
        .Where(flag => flags.Is(flag.Key, flag.Value) != flag.Value)
        .Select(static flag => string.Create(
            CultureInfo.InvariantCulture,
            $"-{flag.Key}={Word(!flag.Value)} changes nothing: overlayd acts as by {Word(flag.Value)}"));

    private static void AddKubernetes(Dictionary<string, string?> keys, FlannelCommandLine flags)
    {
        keys["Overlay:ControlPlane:Kind"] = "Kubernetes";
        keys["Overlay:ControlPlane:Kubernetes:NetConf"] = flags["net-config-path"] ?? DefaultNetConf;
    }

    private static void AddEtcd(Dictionary<string, string?> keys, FlannelCommandLine flags)
    {
        keys["Overlay:ControlPlane:Kind"] = "Etcd";
        string[] endpoints = (flags["etcd-endpoints"] ?? DefaultEndpoints)
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        for (int i = 0; i < endpoints.Length; i++)
            keys[string.Create(CultureInfo.InvariantCulture, $"Overlay:ControlPlane:Etcd:Endpoints:{i}")] = endpoints[i];
    }

    private static string Word(bool isOn) => isOn ? "true" : "false";

    private static string Port(FlannelCommandLine flags) => flags["healthz-port"] ?? "0";

    private static string Address(FlannelCommandLine flags)
    {
        string address = flags["healthz-ip"] ?? "0.0.0.0";
        return address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
    }
}
