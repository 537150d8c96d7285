using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Overlay.Lab.Processes;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;
using Overlay.Testing.Kubernetes;

namespace Overlay.Bench.Rig.Stores;

/// <summary>Annotations of Nodes, in the tests' stand-in for an API server: a process on the node itself.</summary>
/// <remarks>As in a cluster, the other Node is there first and is annotated later.</remarks>
internal sealed class KubernetesStore : ILeaseStore
{
    private const string Nodes = "/api/v1/nodes";
    private const string Annotation = "flannel.alpha.coreos.com/";

    private static readonly MediaTypeHeaderValue _json = new("application/json");
    private static readonly MediaTypeHeaderValue _patch = new("application/strategic-merge-patch+json");

    private string _directory = "";
    private Node? _other;
    private BackgroundProcess? _server;
    private StoreConnection? _connection;

    public void Start(Node node, Node other)
    {
        _other = other;
        _directory = Directory.CreateDirectory(Path.Combine(node.Directory, "store")).FullName;
        JsonObject nodes = new() { ["items"] = new JsonArray(Bare(node), Bare(other)) };
        File.WriteAllText(Path.Combine(_directory, "nodes.json"), nodes.ToJsonString());

        // The runtime that runs the rig: it need not be one the program would find.
        string dotnet =
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        _server = node.Start(dotnet, typeof(ApiServerStandin).Assembly.Location, "127.0.0.1", "0", _directory);
        _server.WaitForLog("\n");
        X509Certificate2 authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_directory, "ca.crt"));
        _connection = new StoreConnection(node, new Uri(_server.Log.Trim()), authority);
    }

    public void Configure(JsonObject overlay)
    {
        overlay["Subnet"] = "";
        overlay["ControlPlane"] = new JsonObject
        {
            ["Kind"] = "Kubernetes",
            ["Kubernetes"] = new JsonObject { ["Kubeconfig"] = Path.Combine(_directory, "kubeconfig") },
        };
    }

    public void Publish(VxlanPeer lease)
    {
        JsonObject vtep = new() { ["VNI"] = _other!.Options.Vni, ["VtepMAC"] = lease.VtepMac };
        JsonObject annotations = new()
        {
            [$"{Annotation}backend-type"] = "vxlan",
            [$"{Annotation}backend-data"] = vtep.ToJsonString(),
            [$"{Annotation}public-ip"] = $"{lease.PublicIP}",
            [$"{Annotation}kube-subnet-manager"] = "true",
        };
        JsonObject patch = new() { ["metadata"] = new JsonObject { ["annotations"] = annotations } };
        _connection!.Send(HttpMethod.Patch, $"{Nodes}/{_other.Name}/status", patch, _patch);
    }

    /// <remarks>
    /// A Node that only loses its annotations is believed to have lost them by mistake, and keeps its lease.
    /// </remarks>
    public void Withdraw(VxlanPeer lease)
    {
        _connection!.Send(HttpMethod.Delete, $"{Nodes}/{_other!.Name}", [], _json);
        _connection.Send(HttpMethod.Post, Nodes, Bare(_other), _json);
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _server?.Stop();
        if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
    }

    private static JsonObject Bare(Node node) => NodeJson.Of(node.Name, $"{node.PodCidrV4}");
}
