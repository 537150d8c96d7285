using System.Globalization;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Processes;

namespace Overlay.Lab.Topology;

/// <summary>The cable at a node's eth0, to the switch or to another node: both ends of one veth pair.</summary>
public sealed class Link
{
    private static readonly string[] _segmentation = ["tx", "sg", "tso", "gso"];

    // Not every kernel lets veth change all of these.
    private static readonly string[] _bestEffort =
    [
        "rx", "tx-udp-segmentation", "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation", "tx-gso-list",
        "tx-gso-partial", "rx-gro-list", "rx-udp-gro-forwarding",
    ];

    // What a cloud's network card lacks. Checksums are left alone: every card does those.
    private static readonly string[] _wireLike =
        ["tso", "gso", "tx-udp-segmentation", "tx-udp_tnl-segmentation", "tx-udp_tnl-csum-segmentation"];

    private readonly (NetworkNamespace Inside, string Device)[] _ends;

    internal Link(NetworkNamespace node, string device, NetworkNamespace switchNamespace, string port) =>
        _ends = [(node, device), (switchNamespace, port)];

    /// <summary>
    /// Turns checksum, segmentation and receive offloads on or off at both ends, so that the link carries frames as
    /// a real wire does; a receive offload of its own choice for links that send like a wire and still coalesce.
    /// Returns what the kernel refused among the features a lab can do without.
    /// </summary>
    public IReadOnlyList<string> SetOffloads(bool on, bool? receiveOffload = null)
    {
        List<string> refused = [];
        foreach ((NetworkNamespace inside, string device) in _ends)
        {
            IEnumerable<string> required = _segmentation.SelectMany(feature => Switch(feature, on));
            inside.Run("ethtool", ["-K", device, .. required]).EnsureSuccess();
            inside.Run("ethtool", ["-K", device, .. Switch("gro", receiveOffload ?? on)]).EnsureSuccess();
            foreach (string feature in _bestEffort)
            {
                // Those of reception are extra modes of GRO that a default veth has off.
                bool wanted = on && !feature.Contains("gro", StringComparison.Ordinal);
                CommandResult result = inside.Run("ethtool", ["-K", device, .. Switch(feature, wanted)]);
                if (!result.Succeeded)
                {
                    refused.Add(result.ToString());
                }
            }
        }

        return refused;
    }

    /// <summary>
    /// True: senders segment in software before the link, and receivers coalesce, as on a network card without
    /// segmentation offloads. False: a veth's defaults, which pass super-packets whole.
    /// </summary>
    public void SetWireLike(bool on)
    {
        foreach ((NetworkNamespace inside, string device) in _ends)
        {
            IEnumerable<string> segmentation = _wireLike.SelectMany(feature => Switch(feature, !on));
            inside.Run("ethtool", ["-K", device, .. segmentation, .. Switch("gro", on)]).EnsureSuccess();
        }
    }

    /// <summary>
    /// The node sends one frame a packet, its checksums finished, for a reader of the frames on the cable.
    /// </summary>
    /// <param name="receiveOffload">Whether the node joins again what arrives.</param>
    public void SetPacketwise(bool receiveOffload)
    {
        (NetworkNamespace inside, string device) = _ends[0];
        string[] features = [.. _segmentation, "tx-udp-segmentation"];
        inside.Run("ethtool", ["-K", device, .. features.SelectMany(feature => Switch(feature, false)),
            .. Switch("gro", receiveOffload)]).EnsureSuccess();
    }

    /// <summary>Delays and loses packets in each direction: a round trip takes twice the delay.</summary>
    public void SetNetem(TimeSpan delay, double lossPercent = 0)
    {
        string[] netem =
        [
            "netem",
            "delay", string.Create(CultureInfo.InvariantCulture, $"{delay.TotalMicroseconds:0}us"),
            "loss", string.Create(CultureInfo.InvariantCulture, $"{lossPercent}%"),
        ];
        foreach ((NetworkNamespace inside, string device) in _ends)
        {
            CommandResult result = inside.Run("tc", ["qdisc", "replace", "dev", device, "root", .. netem]);
            if (result.Error.Contains("qdisc kind is unknown", StringComparison.Ordinal))
            {
                throw new LabException($"this kernel has no netem (module sch_netem): {result}");
            }

            result.EnsureSuccess();
        }
    }

    public void ClearNetem()
    {
        foreach ((NetworkNamespace inside, string device) in _ends)
        {
            CommandResult result = inside.Run("tc", "qdisc", "delete", "dev", device, "root");
            if (!result.Error.Contains("handle of zero", StringComparison.Ordinal))
            {
                result.EnsureSuccess();
            }
        }
    }

    /// <summary>Pulls the cable, or plugs it in again; addresses stay.</summary>
    public void SetCarrier(bool up)
    {
        (NetworkNamespace inside, string device) = _ends[1];
        inside.Ip($"link set {device} {(up ? "up" : "down")}");
        if (up)
        {
            inside.WaitForPorts();
        }
    }

    /// <summary>Records what passes the node's end into a pcap file; returns once it records, Stop() flushes.</summary>
    public BackgroundProcess StartCapture(string file, string filter = "")
    {
        (NetworkNamespace inside, string device) = _ends[0];
        BackgroundProcess capture = inside.Start(
            "tcpdump", "-n", "-Z", "root", "-s", "0", "-U", "--immediate-mode", "-i", device, "-w", file, filter);
        capture.WaitForLog("listening on");
        return capture;
    }

    /// <summary>The far end is elsewhere now.</summary>
    internal void Replug(NetworkNamespace far, string device) => _ends[1] = (far, device);

    private static string[] Switch(string feature, bool on) => [feature, on ? "on" : "off"];
}
