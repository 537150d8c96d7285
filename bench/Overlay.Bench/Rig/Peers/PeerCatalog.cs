using Overlay.Bench.Rig.Stores;

namespace Overlay.Bench.Rig.Peers;

/// <summary>The peers by name, and what each needs of the machine.</summary>
internal static class PeerCatalog
{
    /// <summary>The peer that ratios are of.</summary>
    public const string Reference = "kernel-vxlan";

    /// <summary>The same on nodes that masquerade.</summary>
    public const string Masquerading = "kernel-vxlan-masq";

    public const string FlannelUdp = "flannel-udp";

    /// <summary>
    /// overlayd with a forwarding table of 100,000 routes: to see that the table's size costs packets nothing.
    /// </summary>
    public const string ManyRoutes = "overlay-100k";

    /// <summary>overlayd with the eBPF tier.</summary>
    public const string Ebpf = "overlay-ebpf";

    public const string WireGuardVariable = "WIREGUARD_GO";
    public const string FlannelVariable = "FLANNELD";

    private const string Tun = "/dev/net/tun";

    /// <summary>overlayd with each of its stores: for the workload that is about stores.</summary>
    public static readonly string[] WithStore = ["overlay-file", "overlay-etcd", "overlay-kubernetes"];

    private static readonly string[] _forTraffic =
        ["bare", Reference, Masquerading, "overlay", Ebpf, "wireguard-go", FlannelUdp, ManyRoutes];

    public static readonly string[] Names = [.. _forTraffic, .. WithStore];

    /// <summary>
    /// All for traffic that can be had and say something of their own: flannel's daemon is in no Debian package.
    /// </summary>
    public static IReadOnlyList<string> Default(IReadOnlyDictionary<string, string> environment) =>
        [.. _forTraffic.Where(
            name => name != ManyRoutes && (name != FlannelUdp || Variable(environment, FlannelVariable) is not null))];

    /// <exception cref="UsageException">A peer lacks something, which the message names.</exception>
    public static void Check(IReadOnlyList<string> peers, IReadOnlyDictionary<string, string> environment)
    {
        if (peers.Contains(FlannelUdp) && Variable(environment, FlannelVariable) is null)
        {
            throw new UsageException(
                $"--peers {FlannelUdp}: needs a flanneld, e.g. {FlannelVariable}=/usr/local/bin/flanneld bench/run.sh "
                + "rig");
        }

        foreach (string variable in new[] { WireGuardVariable, FlannelVariable })
        {
            if (Variable(environment, variable) is string program && !File.Exists(program))
            {
                throw new UsageException(
                    $"{variable}={program}: there is no such file; e.g. {variable}=/usr/local/bin/program");
            }
        }

        string[] needTun = [.. peers.Where(peer => peer is not ("bare" or Reference or Masquerading))];
        if (needTun.Length > 0 && !File.Exists(Tun))
        {
            throw new UsageException(
                $"--peers {string.Join(',', needTun)}: {Tun} is missing; load module tun, or e.g. --peers "
                + $"bare,{Reference}");
        }
    }

    public static IPeer Create(string name, IReadOnlyDictionary<string, string> environment) => name switch
    {
        "bare" => new BarePeer(),
        Reference => new KernelVxlanPeer(name, masquerades: false),
        Masquerading => new KernelVxlanPeer(name, masquerades: true),
        "overlay" => new OverlayPeer(name, absentNodes: 0),
        Ebpf => new OverlayPeer(name, absentNodes: 0, tier: "Ebpf"),
        ManyRoutes => new OverlayPeer(name, absentNodes: 100_000),
        "overlay-file" => new StorePeer(name, "lease files", () => new FileStore()),
        "overlay-etcd" => new StorePeer(name, "etcd on the same node, its data in memory", () => new EtcdStore()),
        "overlay-kubernetes" => new StorePeer(
            name, "annotations, in a stand-in for an API server on the same node", () => new KubernetesStore()),
        "wireguard-go" => new WireGuardPeer(Variable(environment, WireGuardVariable) ?? "wireguard-go"),
        FlannelUdp => new FlannelUdpPeer(Variable(environment, FlannelVariable) ?? "flanneld"),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    private static string? Variable(IReadOnlyDictionary<string, string> environment, string name) =>
        environment.TryGetValue(name, out string? value) && value.Length > 0 ? value : null;
}
