using System.Net.Security;
using Grpc.Core;
using Grpc.Net.Client;
using Overlay.ControlPlane.Sources.Etcd.Protocol;
using Overlay.ControlPlane.Sources.Proxies;

namespace Overlay.ControlPlane.Sources.Etcd.Client;

/// <summary>A member of the cluster: a channel of its own, and the services behind it. Thread-safe.</summary>
internal sealed class EtcdMember : IDisposable
{
    // Lists come in pages of some 300 bytes a key, and events in fragments, for which etcd has 1.5 MB by default.
    private const int MostOfMessage = 16 * 1024 * 1024;

    // etcd ends connections that are pinged more often than each 5 s, its --grpc-keepalive-min-time by default.
    private static readonly TimeSpan _pingDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pingTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _idleTimeout = TimeSpan.FromSeconds(30);

    private readonly GrpcChannel _channel;
    private readonly string _way;

    public EtcdMember(
        Uri endpoint, EtcdOptions options, SslClientAuthenticationOptions tls, ProxyEnvironment proxies)
    {
        Endpoint = endpoint;

        // gRPC reaches a proxy's other side by a tunnel, which there is for TLS alone.
        Uri? proxy = endpoint.Scheme == Uri.UriSchemeHttps ? proxies.GetProxy(endpoint) : null;
        _way = proxy is null ? "" : $" by way of the proxy {proxy.Authority}";
        SocketsHttpHandler handler = new()
        {
            ConnectTimeout = options.RequestTimeout,
            PooledConnectionIdleTimeout = _idleTimeout,
            AllowAutoRedirect = false,
            SslOptions = tls,

            // A member that has vanished without a word is noticed while a request or a watch waits for it.
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingDelay = _pingDelay,
            KeepAlivePingTimeout = _pingTimeout,
            UseProxy = proxy is not null,
            Proxy = proxies,
        };

        // A client rather than a handler: with a handler the channel would connect by itself, and wait after a failure
        // for up to two minutes before it tries a member again.
        HttpClient http = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _channel = GrpcChannel.ForAddress(
            endpoint.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped),
            new GrpcChannelOptions
            {
                HttpClient = http,
                DisposeHttpClient = true,
                Credentials = endpoint.Scheme == Uri.UriSchemeHttps
                    ? ChannelCredentials.SecureSsl : ChannelCredentials.Insecure,

                MaxReceiveMessageSize = MostOfMessage,
            });
        CallInvoker invoker = _channel.CreateCallInvoker();
        (Keys, Leases) = (new(invoker), new(invoker));
        (Watches, Auth) = (new(invoker), new(invoker));
    }

    public Uri Endpoint { get; }

    public KV.KVClient Keys { get; }

    public Protocol.Lease.LeaseClient Leases { get; }

    public Protocol.Watch.WatchClient Watches { get; }

    public Protocol.Auth.AuthClient Auth { get; }

    /// <summary>The URL without what may be a password in it.</summary>
    private string Name => Endpoint.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    /// <summary>Sends a message of a stream. A failure is told by the next read, with its reason.</summary>
    public static async Task SendAsync<T>(IClientStreamWriter<T> stream, T message, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(message, cancellationToken);
        }
        catch (Exception ended) when (ended is RpcException or IOException && !cancellationToken.IsCancellationRequested)
        {
            // A call that has ended already refuses to write, without a reason or with the connection's.
        }
    }

    /// <summary>The next message of a stream.</summary>
    /// <exception cref="RpcException">The stream has failed.</exception>
    /// <exception cref="EtcdException">The stream has ended.</exception>
    public async Task<T> NextAsync<T>(IAsyncStreamReader<T> stream, CancellationToken cancellationToken) =>
        await stream.MoveNext(cancellationToken)
            ? stream.Current
            : throw new EtcdException($"{Name} ended its answer without a reason");

    /// <summary>The failure of a call to this member.</summary>
    public EtcdException Failure(RpcException exception)
    {
        Status status = exception.Status;
        if (status.DebugException is { } cause)
        {
            string reason = (cause.InnerException ?? cause).Message.TrimEnd('.');
            return new($"{Name} does not answer{_way}: {reason}", 0, exception);
        }

        return status.Detail.StartsWith("Bad gRPC response", StringComparison.Ordinal)
            ? new($"{Name} answers as etcd's v3 API does not: {status.Detail}", 0, exception)
            : new($"{Name} says: {status.Detail}", (int)status.StatusCode, exception);
    }

    /// <summary>The member has taken too long.</summary>
    public EtcdException Silence(TimeSpan limit, Exception inner) =>
        new($"{Name} has not answered{_way} for {limit.TotalSeconds:0.#} s", 0, inner);

    /// <summary>Closes the connections, and ends what goes over them.</summary>
    public void Dispose() => _channel.Dispose();
}
