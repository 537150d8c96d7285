using Overlay.Lab.Processes;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Peers;

/// <summary>
/// flannel's own user-space backend: a packet a system call, IP in UDP. Needs etcd, which runs on node a.
/// </summary>
internal sealed class FlannelUdpPeer(string program) : IPeer
{
    private const int EtcdPort = 2379;
    private const string Device = "flannel0";

    private readonly List<BackgroundProcess> _processes = [];

    public string Name => PeerCatalog.FlannelUdp;

    public string Describe(LabNetwork lab)
    {
        CommandResult answer = lab.Nodes[0].Run(program, "--version").EnsureSuccess();
        return $"flanneld {$"{answer.Output}{answer.Error}".Trim()}, backend udp";
    }

    public void SetUp(LabNetwork lab)
    {
        string etcd = StartEtcd(lab.Nodes[0]);

        // All leases are there before the first flanneld lists them: one that watches begins a new watch behind each event,
        // from the revision of then (flannel 0.20.2, watchSubnets), and misses a lease that is written in between for good.
        foreach (Node node in lab.Nodes)
        {
            string key = $"{node.PodCidrV4}".Replace('/', '-');
            Put(lab.Nodes[0], etcd, $"subnets/{key}", $$"""{"PublicIP":"{{node.UnderlayV4}}"}""");
        }

        foreach (Node node in lab.Nodes)
        {
            // The lease a flanneld asks for first is the one it finds here.
            string subnetFile = Path.Combine(node.Directory, "flannel.env");
            File.WriteAllText(subnetFile, $"""
                FLANNEL_NETWORK={LabAddresses.ClusterV4}
                FLANNEL_SUBNET={LabAddresses.GatewayV4(node.Index)}/24

                """);
            BackgroundProcess flanneld = node.Start(
                program, $"--etcd-endpoints={etcd}", "--iface=eth0", $"--subnet-file={subnetFile}", "--ip-masq=false");
            _processes.Add(flanneld);

            // The flannelds start one after the other: the log is in the error of the one that has no device in time.
            flanneld.WaitUntil(
                () => node.Run("ip", "link", "show", Device).Succeeded, $"made {Device}", TimeSpan.FromSeconds(30));
            node.Set($"net/ipv4/conf/{Device}/forwarding", "1");
        }
    }

    public void TearDown(LabNetwork lab)
    {
        _processes.Reverse();
        _processes.ForEach(process => process.Stop());
        _processes.Clear();
    }

    private string StartEtcd(Node node)
    {
        string endpoint = $"http://{node.UnderlayV4}:{EtcdPort}";
        string data = Path.Combine(node.Directory, "etcd");
        if (Directory.Exists(data)) Directory.Delete(data, recursive: true);
        _processes.Add(node.Start(
            "etcd", "--data-dir", data, "--listen-client-urls", endpoint, "--advertise-client-urls", endpoint,
            "--listen-peer-urls", "http://127.0.0.1:2380"));
        node.WaitForListener(EtcdPort);
        string network = $$"""{ "Network": "{{LabAddresses.ClusterV4}}", "SubnetLen": 24, "Backend": { "Type": "udp" } }""";
        Put(node, endpoint, "config", network);
        return endpoint;
    }

    private static void Put(Node node, string endpoint, string key, string value) => node.Run(
        "env", "ETCDCTL_API=3", "etcdctl", "--endpoints", endpoint, "put", $"/coreos.com/network/{key}", value)
        .EnsureSuccess();
}
