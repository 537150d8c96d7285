using System.Globalization;
using System.Net;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Peers;

/// <summary>
/// WireGuard in user space, a tunnel of the same shape: TUN on one side, UDP on the other. It encrypts, too.
/// </summary>
internal sealed class WireGuardPeer(string program) : IPeer
{
    /// <summary>What IPv4, UDP, WireGuard's header and its tag leave of 1500.</summary>
    private const int Overhead = 60;

    private const int Port = 51820;
    private const string SocketDirectory = "/var/run/wireguard";

    private readonly List<BackgroundProcess> _daemons = [];

    public string Name => "wireguard-go";

    public string Describe(LabNetwork lab)
    {
        CommandResult answer = lab.Nodes[0].Run(program, "--version");
        return $"{answer.EnsureSuccess().Output.Split('\n')[0].Trim()}, MTU {Mtu(lab)}";
    }

    public void SetUp(LabNetwork lab)
    {
        foreach (Node node in lab.Nodes)
        {
            string device = DeviceOf(node);
            _daemons.Add(node.Start(program, "--foreground", device));
            node.WaitForDevice(device);
        }

        Dictionary<Node, string> keys = lab.Nodes.ToDictionary(node => node, PublicKey);
        foreach (Node node in lab.Nodes)
        {
            string device = DeviceOf(node);
            foreach (Node other in lab.Nodes.Where(other => other != node))
            {
                IPNetwork pods = other.PodCidrV4!.Value;
                node.Run(
                    "wg", "set", device, "listen-port", Port.ToString(CultureInfo.InvariantCulture),
                    "private-key", KeyFile(node), "peer", keys[other],
                    "endpoint", $"{other.UnderlayV4}:{Port}", "allowed-ips", pods.ToString()).EnsureSuccess();
                node.Ip($"link set {device} mtu {Mtu(lab)} up", $"route add {pods} dev {device}");
            }

            node.Set($"net/ipv4/conf/{device}/forwarding", "1");
            SetRouteMtu(node.Pods[0], $" mtu {Mtu(lab)}");
        }
    }

    public void TearDown(LabNetwork lab)
    {
        // Its device and, with it, the routes go with the process.
        _daemons.ForEach(daemon => daemon.RequestStop());
        _daemons.ForEach(daemon => daemon.Stop());
        _daemons.Clear();
        foreach (Node node in lab.Nodes)
        {
            SetRouteMtu(node.Pods[0], "");
            File.Delete(Path.Combine(SocketDirectory, $"{DeviceOf(node)}.sock"));
        }
    }

    private static int Mtu(LabNetwork lab) => Math.Min(lab.Options.EffectivePodMtu, lab.Options.UnderlayMtu - Overhead);

    // Its control sockets lie in one directory for all namespaces, so a name must be the only one on the machine.
    private static string DeviceOf(Node node) => $"rig{Environment.ProcessId}{node.Name}";

    private static string KeyFile(Node node) => Path.Combine(node.Directory, "wireguard.key");

    private static string PublicKey(Node node) => node
        .Run("sh", "-c", """umask 077; wg genkey >"$0" && wg pubkey <"$0" """, KeyFile(node))
        .EnsureSuccess().Output.Trim();

    // Said on the route, as a CNI would: found out by the pods, it would stay in their caches for the next peer.
    private static void SetRouteMtu(Pod pod, string mtu) =>
        pod.Ip($"route change default via {LabAddresses.GatewayV4(pod.Node.Index)} dev eth0{mtu}");
}
