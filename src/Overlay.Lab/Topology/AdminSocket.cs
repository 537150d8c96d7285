using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Overlay.Lab.Topology;

/// <summary>A daemon's HTTP, asked directly: overlayctl's start-up would blur what is measured.</summary>
public static class AdminSocket
{
    /// <summary>A report as <c>overlayctl --json</c> prints it.</summary>
    /// <exception cref="HttpRequestException">Nobody answers, or not with success.</exception>
    public static JsonElement Report(Node node, string report) =>
        JsonDocument.Parse(Get(node.Socket, $"v1/{report}")).RootElement;

    /// <summary>What the admin socket answers.</summary>
    /// <inheritdoc cref="Report" path="/exception"/>
    public static string Get(string socket, string path) => Get(path, () =>
    {
        Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        connection.Connect(new UnixDomainSocketEndPoint(socket));
        return connection;
    });

    /// <summary>The admin socket's answer; null while nobody answers, or not with success.</summary>
    public static string? TryGet(string socket, string path)
    {
        try
        {
            return Get(socket, path);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or SocketException or OperationCanceledException)
        {
            // The daemon is not up yet, or ends: the caller asks again until its own limit.
            return null;
        }
    }

    /// <summary>What the node's loopback address answers, where health and metrics are.</summary>
    /// <inheritdoc cref="Report" path="/exception"/>
    public static string GetLoopback(Node node, int port, string path) => Get(path, () => Connect(node, port));

    /// <summary>Status and text that the node's loopback address answers, good or not.</summary>
    /// <exception cref="HttpRequestException">Nobody answers.</exception>
    public static (HttpStatusCode Status, string Text) AskLoopback(Node node, int port, string path) =>
        Ask(path, () => Connect(node, port));

    private static Socket Connect(Node node, int port) => node.Invoke(() =>
    {
        Socket connection = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        connection.Connect(IPAddress.Loopback, port);
        return connection;
    });

    private static string Get(string path, Func<Socket> connect)
    {
        (HttpStatusCode status, string text) = Ask(path, connect);
        return (int)status is >= 200 and < 300
            ? text
            : throw new HttpRequestException($"{path}: {(int)status} {text}", null, status);
    }

    private static (HttpStatusCode Status, string Text) Ask(string path, Func<Socket> connect)
    {
        using HttpClient client = new(new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new NetworkStream(connect(), ownsSocket: true)),
        })
        {
            Timeout = TimeSpan.FromSeconds(10),
        };
        using HttpRequestMessage request = new(HttpMethod.Get, $"http://localhost/{path}");
        try
        {
            using HttpResponseMessage response = client.Send(request);
            using StreamReader body = new(response.Content.ReadAsStream());
            return (response.StatusCode, body.ReadToEnd());
        }
        catch (ObjectDisposedException exception)
        {
            // The time limit may end an answer that has just come.
            throw new HttpRequestException($"{path}: no whole answer within {client.Timeout.TotalSeconds} s", exception);
        }
    }
}
