using System.Net.Sockets;
using System.Text;
using Overlay.ControlPlane.Sources.Kubernetes.Connection;
using Overlay.ControlPlane.Sources.Kubernetes.Nodes;
using Overlay.ControlPlane.Sources.Kubernetes.Watch;
using Overlay.ControlPlane.Sources.Proxies;

namespace Overlay.ControlPlane.Tests;

public class ApiServerClientTests
{
    [Fact]
    public async Task The_sockets_own_error_is_a_server_that_cannot_be_reached()
    {
        using ApiServerClient client = Client(static () => throw new SocketException((int)SocketError.NotConnected));
        ApiServerException exception =
            await Should.ThrowAsync<ApiServerException>(() => client.OpenAsync(ApiServerClient.Nodes, default));
        exception.Message.ShouldBe("cannot be reached: Transport endpoint is not connected");
        ApiServerException.IsAway(exception).ShouldBeTrue();
    }

    [Theory]
    [InlineData(0, "n")]
    [InlineData(1, "answers with an object of more than 16777216 bytes")]
    public async Task A_Node_has_a_bound(int more, string expected)
    {
        byte[] node = Encoding.UTF8.GetBytes(
            """{"metadata":{"name":"n"}}""".PadRight(ApiServerClient.LongestObject + more));
        using ApiServerClient client = Client(() => new() { Content = new ByteArrayContent(node) });
        string said = await NameAsync(client);
        said.ShouldBe(expected);
    }

    [Fact]
    public async Task A_list_of_more_objects_than_a_cluster_has_nodes_is_refused()
    {
        // Each page promises another.
        const string page =
            """{"metadata":{"resourceVersion":"1","continue":"x"},"items":[{"metadata":{"name":"n"}}]}""";
        int pages = 0;
        using ApiServerClient client = Client(() =>
        {
            string text = ++pages < 4 ? page : page.Replace("\"x\"", "\"\"", StringComparison.Ordinal);
            return new() { Content = new StringContent(text) };
        });
        NodeParser parser = new(SampleNodes.Keys);
        ListQuery query = new(ApiServerClient.Nodes, null, TimeSpan.FromMinutes(1)) { Most = 4 };
        ObjectList<ApiNode> list = new(client, parser, query);
        await list.ReadAsync(null, default);
        list.Objects.Count.ShouldBe(4);
        pages = 0;
        InvalidDataException fault = await Should.ThrowAsync<InvalidDataException>(
            () => new ObjectList<ApiNode>(client, parser, query with { Most = 3 }).ReadAsync(null, default));
        fault.Message.ShouldBe("lists more than 3 objects");
        ListQuery.MostObjects.ShouldBe(65_536);
    }

    private static async Task<string> NameAsync(ApiServerClient client)
    {
        try
        {
            return (await client.GetNodeAsync("n", default))!.Name;
        }
        catch (ApiServerException exception)
        {
            return exception.Message;
        }
    }

    private static ApiServerClient Client(Func<HttpResponseMessage> answer)
    {
        ApiServerAccess access = new()
        {
            Server = new("https://192.0.2.10"),
            Proxies = ProxyEnvironment.Of(static _ => null),
        };
        return new(
            new HttpClient(new Answering(answer)) { BaseAddress = access.Server }, access,
            new NodeParser(SampleNodes.Keys), new KubernetesTimings());
    }

    // HttpClient itself lets a socket's error out where a connection is reset between its making and the look at its
    // other end.
    private sealed class Answering(Func<HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return answer();
        }
    }
}
