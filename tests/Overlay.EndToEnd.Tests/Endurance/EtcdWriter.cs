using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Overlay.Lab.Namespaces;
using Overlay.Lab.Stores;

namespace Overlay.EndToEnd.Tests.Endurance;

/// <summary>Writes keys to an etcd at a pace that one etcdctl a key does not reach: by its JSON gateway.</summary>
internal sealed class EtcdWriter : IDisposable
{
    private const string Subnets = "/coreos.com/network/subnets/";

    private readonly HttpClient _client;
    private readonly string _lease;

    /// <param name="inside">The namespace that etcd is in.</param>
    /// <param name="etcd">Where the keys go; they end with a lease of a day, as flannel's.</param>
    public EtcdWriter(NetworkNamespace inside, EtcdServer etcd)
    {
        _client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = (context, _) => ValueTask.FromResult<Stream>(new NetworkStream(
                inside.Invoke(() =>
                {
                    Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                    socket.Connect(context.DnsEndPoint.Host, context.DnsEndPoint.Port);
                    return socket;
                }),
                ownsSocket: true)),
        })
        {
            BaseAddress = etcd.Endpoint,
        };
        _lease = (string)Post("v3/lease/grant", new JsonObject { ["TTL"] = 86400 })["ID"]!;
    }

    /// <summary>Writes the lease of one node.</summary>
    /// <param name="key">Such as 10.244.2.0-24.</param>
    /// <param name="value">flannel's JSON.</param>
    public void Put(string key, string value) => Post("v3/kv/put", Entry(key, value));

    /// <summary>Writes many in one transaction, of 128 at most.</summary>
    public void Put(IEnumerable<(string Key, string Value)> entries) => Post("v3/kv/txn", new JsonObject
    {
        ["success"] = new JsonArray(
            [.. entries.Select(entry => new JsonObject { ["request_put"] = Entry(entry.Key, entry.Value) })]),
    });

    public void Dispose() => _client.Dispose();

    private JsonObject Entry(string key, string value) => new()
    {
        ["key"] = Base64(Subnets + key),
        ["value"] = Base64(value),
        ["lease"] = _lease,
    };

    private JsonNode Post(string path, JsonObject body)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        using HttpResponseMessage response = _client.Send(request);
        using StreamReader answer = new(response.EnsureSuccessStatusCode().Content.ReadAsStream());
        return JsonNode.Parse(answer.ReadToEnd())!;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
