using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Overlay.Lab.Stores;
using Overlay.Lab.Topology;
using Overlay.Lab.Vxlan;

namespace Overlay.Bench.Rig.Stores;

/// <summary>etcd, with flannel's keys, on the node itself.</summary>
internal sealed class EtcdStore : ILeaseStore
{
    private const string Prefix = "/coreos.com/network";

    private static readonly MediaTypeHeaderValue _json = new("application/json");

    private Node? _node;
    private EtcdServer? _server;
    private StoreConnection? _connection;

    public void Start(Node node, Node other)
    {
        _node = node;
        _server = EtcdServer.Start(new EtcdServerOptions { Namespace = node });
        _connection = new StoreConnection(node, _server.Endpoint);
        Put($"{Prefix}/config", new JsonObject
        {
            ["Network"] = LabAddresses.ClusterV4.ToString(),
            ["SubnetLen"] = node.PodCidrV4!.Value.PrefixLength,
            ["Backend"] = new JsonObject { ["Type"] = "vxlan", ["VNI"] = node.Options.Vni },
        });

        // The subnet a daemon asks for first is the one it finds here; the node's pods have addresses of it.
        File.WriteAllText(
            node.SubnetFile,
            $"FLANNEL_SUBNET={LabAddresses.GatewayV4(node.Index)}/{node.PodCidrV4.Value.PrefixLength}\n");
    }

    public void Configure(JsonObject overlay)
    {
        overlay["Network"] = new JsonObject();
        overlay["Subnet"] = "";
        overlay["ControlPlane"] = new JsonObject
        {
            ["Kind"] = "Etcd",
            ["Etcd"] = new JsonObject
            {
                ["Endpoints"] = new JsonArray(_server!.Endpoint.OriginalString),
                ["Prefix"] = Prefix,
            },
        };
    }

    public void Publish(VxlanPeer lease) => Put(KeyOf(lease), new JsonObject
    {
        ["PublicIP"] = $"{lease.PublicIP}",
        ["PublicIPv6"] = null,
        ["BackendType"] = "vxlan",
        ["BackendData"] = new JsonObject { ["VNI"] = _node!.Options.Vni, ["VtepMAC"] = lease.VtepMac },
    });

    public void Withdraw(VxlanPeer lease) =>
        Post("deleterange", new JsonObject { ["key"] = Base64(KeyOf(lease)) });

    public void Dispose()
    {
        _connection?.Dispose();
        _server?.Dispose();
        if (_node is not null) File.Delete(_node.SubnetFile);
    }

    private static string KeyOf(VxlanPeer lease) => $"{Prefix}/subnets/{$"{lease.Subnet}".Replace('/', '-')}";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private void Put(string key, JsonObject value) =>
        Post("put", new JsonObject { ["key"] = Base64(key), ["value"] = Base64(value.ToJsonString()) });

    private void Post(string call, JsonObject body) =>
        _connection!.Send(HttpMethod.Post, $"/v3/kv/{call}", body, _json);
}
