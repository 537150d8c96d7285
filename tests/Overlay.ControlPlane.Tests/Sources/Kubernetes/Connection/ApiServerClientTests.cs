using System.Net.Sockets;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.ControlPlane.Sources.Proxies;

namespace Overlay.ControlPlane.Tests;

public class ApiServerClientTests
{
    [Fact]
    public async Task The_sockets_own_error_is_a_server_that_cannot_be_reached()
    {
        ApiServerAccess access = new()
        {
            Server = new("https://192.0.2.10"),
            Proxies = ProxyEnvironment.Of(static _ => null),
        };
        using ApiServerClient client = new(
            new HttpClient(new FailingHandler()) { BaseAddress = access.Server }, access,
            new NodeParser(SampleNodes.Keys), new KubernetesTimings());
        ApiServerException exception =
            await Should.ThrowAsync<ApiServerException>(() => client.OpenAsync(ApiServerClient.Nodes, default));
        exception.Message.ShouldBe("cannot be reached: Transport endpoint is not connected");
        ApiServerException.IsAway(exception).ShouldBeTrue();
    }

    // As HttpClient itself does where a connection is reset between its making and the look at its other end.
    private sealed class FailingHandler : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromException<HttpResponseMessage>(new SocketException((int)SocketError.NotConnected));
    }
}
