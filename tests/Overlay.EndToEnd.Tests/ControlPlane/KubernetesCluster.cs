using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Overlay.Lab.Topology;
using Overlay.Testing.Kubernetes;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>
/// A lab with a stand-in for an API server outside its nodes, which reach it with a kubeconfig each and over TLS.
/// </summary>
internal sealed class KubernetesCluster : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly StandinOptions _options;
    private ApiServerStandin? _server;

    private KubernetesCluster(LabNetwork lab)
    {
        Lab = lab;
        _options = new StandinOptions
        {
            Address = LabAddresses.OutsideV4,
            Port = 6443,
            Certificates = new StandinCertificates(),
            Bind = endpoint => lab.Switch.Invoke(() =>
            {
                Socket socket = new(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(endpoint);
                return socket;
            }),
        };
    }

    public LabNetwork Lab { get; }

    /// <summary>What the API server keeps, also while it is away.</summary>
    public NodeStore Nodes { get; private set; } = null!;

    /// <summary>What the nodes have asked of the API server that runs.</summary>
    public IReadOnlyList<SeenRequest> Requests => _server!.Requests;

    /// <summary>The node of each pod, by namespace/name.</summary>
    public IReadOnlyDictionary<string, string> Pods
    {
        set => _server!.Pods = value;
    }

    public Node this[string name] => Lab[name];

    /// <summary>Starts the API server, and writes configurations that take the network from a net-conf.json.</summary>
    public static async Task<KubernetesCluster> StartAsync(LabOptions options)
    {
        KubernetesCluster cluster = new(LabNetwork.Create(options));
        try
        {
            await cluster.StartServerAsync();
            foreach (Node node in cluster.Lab.Nodes) await cluster.ConfigureAsync(node);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async Task StartServerAsync()
    {
        _server = await ApiServerStandin.StartAsync(_options with { Nodes = Nodes });
        Nodes = _server.Nodes;
    }

    /// <summary>Nothing listens any more, and open connections end.</summary>
    public async Task StopServerAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _server = null;
    }

    /// <summary>Registers every node, starts its daemon, and waits until all know each other.</summary>
    public IReadOnlyList<DaemonProcess> StartDaemons()
    {
        foreach (Node node in Lab.Nodes) Register(node);
        IReadOnlyList<DaemonProcess> daemons = Lab.StartDaemons(_patience);
        foreach (Node node in Lab.Nodes) Cluster.WaitForPeers(node, Lab.Nodes.Count - 1);
        return daemons;
    }

    /// <summary>Registers a node as kubelet does, with the pod CIDRs its pods in the lab have.</summary>
    public void Register(Node node) => Nodes.Put(NodeJson.Of(node.Name, PodCidrsOf(node)));

    /// <summary>Gives a registered node pod CIDRs, as the cluster's own controller does.</summary>
    public void Assign(Node node, params string[] podCidrs)
    {
        JsonObject changed = Nodes.Get(node.Name)!;
        changed["spec"] = NodeJson.Of(node.Name, podCidrs)["spec"]!.DeepClone();
        Nodes.Put(changed);
    }

    public static string[] PodCidrsOf(Node node) =>
        [.. new[] { node.PodCidrV4, node.PodCidrV6 }.Where(static prefix => prefix is not null)
            .Select(static prefix => $"{prefix}")];

    /// <summary>All annotations of a node.</summary>
    public SortedDictionary<string, string> Annotations(string name) => new(
        (Nodes.Get(name)?["metadata"]?["annotations"] as JsonObject ?? [])
            .ToDictionary(static entry => entry.Key, static entry => (string)entry.Value!),
        StringComparer.Ordinal);

    /// <summary>Part <c>controlPlane</c> of the node's status.</summary>
    public static JsonElement StoreOf(Node node) => Cluster.Report(node, "status").GetProperty("controlPlane");

    public async ValueTask DisposeAsync()
    {
        Lab.Dispose();
        await StopServerAsync();
    }

    private async Task ConfigureAsync(Node node)
    {
        string authority = Path.Combine(node.Directory, "ca.crt");
        string kubeconfig = Path.Combine(node.Directory, "kubeconfig");
        string netConf = Path.Combine(node.Directory, "net-conf.json");
        await File.WriteAllTextAsync(authority, _options.Certificates!.AuthorityPem);
        await File.WriteAllTextAsync(kubeconfig, Kubeconfig.Format(_server!.Url, authority));
        string v6 = node.PodCidrV6 is null ? "" : $"\"EnableIPv6\":true,\"IPv6Network\":\"{LabAddresses.ClusterV6}\",";
        await File.WriteAllTextAsync(
            netConf, $$$"""{"Network":"{{{LabAddresses.ClusterV4}}}",{{{v6}}}"Backend":{"Type":"vxlan","VNI":{{{node.Options.Vni}}}}}""");
        node.WriteConfig(overlay =>
        {
            overlay["Network"] = new JsonObject();
            (overlay["Subnet"], overlay["SubnetV6"]) = ("", "");
            overlay["ControlPlane"] = new JsonObject
            {
                ["Kind"] = "Kubernetes",
                ["Kubernetes"] = new JsonObject { ["Kubeconfig"] = kubeconfig, ["NetConf"] = netConf },
            };
        });
    }
}
