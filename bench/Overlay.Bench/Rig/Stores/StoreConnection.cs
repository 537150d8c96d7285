using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Overlay.Lab;
using Overlay.Lab.Topology;

namespace Overlay.Bench.Rig.Stores;

/// <summary>
/// HTTP from the rig to a store on a node, by a connection that stays: a write is no more than a request.
/// </summary>
/// <remarks>etcdctl or kubectl would first have to start, which takes longer than what is measured.</remarks>
internal sealed class StoreConnection : IDisposable
{
    private readonly HttpClient _client;

    /// <param name="node">Where the store runs.</param>
    /// <param name="server">Its URL there.</param>
    /// <param name="authority">Who has signed its certificate; null for a store without TLS.</param>
    public StoreConnection(Node node, Uri server, X509Certificate2? authority = null)
    {
        SocketsHttpHandler handler = new()
        {
            ConnectCallback = (context, _) => ValueTask.FromResult<Stream>(
                new NetworkStream(node.Invoke(() => Connect(context.DnsEndPoint)), ownsSocket: true)),
        };
        if (authority is not null)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { authority },
                RevocationMode = X509RevocationMode.NoCheck,
            };
        }

        _client = new HttpClient(handler) { BaseAddress = server };
    }

    /// <exception cref="LabException">The store did not do as asked.</exception>
    public void Send(HttpMethod method, string path, JsonObject body, MediaTypeHeaderValue type)
    {
        using HttpRequestMessage request = new(method, path) { Content = new StringContent(body.ToJsonString(), type) };
        try
        {
            using HttpResponseMessage response = _client.Send(request);
            using StreamReader reader = new(response.Content.ReadAsStream());
            string answer = reader.ReadToEnd();
            if (!response.IsSuccessStatusCode)
                throw new LabException($"{method} {path}: {(int)response.StatusCode} {answer}");
        }
        catch (HttpRequestException exception)
        {
            throw new LabException($"{method} {path}: {exception.Message}", exception);
        }
    }

    public void Dispose() => _client.Dispose();

    private static Socket Connect(System.Net.DnsEndPoint server)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(server);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
