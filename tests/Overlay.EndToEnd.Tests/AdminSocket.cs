using System.Net.Sockets;
using System.Text.Json;
using Overlay.Lab;

namespace Overlay.EndToEnd.Tests;

/// <summary>A node's admin socket, asked directly: overlayctl's start-up would blur what is measured.</summary>
internal static class AdminSocket
{
    public static JsonElement Get(Node node, string report)
    {
        using HttpClient client = new(new SocketsHttpHandler { ConnectCallback = async (_, cancellation) => await ConnectAsync(node.Socket, cancellation) });
        using HttpRequestMessage request = new(HttpMethod.Get, $"http://overlayd/v1/{report}");
        using HttpResponseMessage response = client.Send(request).EnsureSuccessStatusCode();
        return JsonDocument.Parse(response.Content.ReadAsStream()).RootElement;
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
