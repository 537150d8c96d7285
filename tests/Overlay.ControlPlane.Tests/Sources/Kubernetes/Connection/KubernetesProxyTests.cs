using System.Net;
using Overlay.Testing;
using Overlay.Testing.Kubernetes;
using static Overlay.ControlPlane.Tests.SampleLeases;

namespace Overlay.ControlPlane.Tests;

/// <summary>An API server beyond a proxy.</summary>
public sealed class KubernetesProxyTests : IDisposable
{
    private readonly StandinCertificates _certificates = new();
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("", null)]
    [InlineData("me:p%40ss@", "me:p@ss")]
    public async Task The_environments_proxy_is_taken_and_shown_what_it_asks_for(string userInfo, string? asks)
    {
        await using ApiServerStandin standin = await StartAsync();
        await using ConnectProxy proxy = new(new(IPAddress.Loopback, standin.Url.Port), asks);
        await using KubernetesFixture fixture = await FixtureAsync(standin, new()
        {
            ["HTTPS_PROXY"] = $"http://{userInfo}{proxy.Authority}",
            ["NO_PROXY"] = "192.0.2.0/24",
        });
        (await fixture.Source.FindAsync("own", default)).ShouldBe(Own);
        proxy.Tunnels.ShouldHaveSingleItem().ShouldBe($"standin.example.com:{standin.Url.Port}");
        standin.Requests.ShouldHaveSingleItem().Protocol.ShouldBe("HTTP/2");
    }

    [Fact]
    public async Task A_server_among_the_exceptions_is_asked_without_the_proxy()
    {
        await using ApiServerStandin standin = await StartAsync();
        await using ConnectProxy proxy = new(new(IPAddress.Loopback, standin.Url.Port));
        await using KubernetesFixture fixture = await FixtureAsync(standin, new()
        {
            ["HTTPS_PROXY"] = $"http://{proxy.Authority}",
            ["NO_PROXY"] = ".example.com",
        });
        IOException exception = await Should.ThrowAsync<IOException>(() => fixture.Source.FindAsync("own", default));
        exception.Message.ShouldStartWith("cannot be reached: ");
        proxy.Tunnels.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_proxy_that_is_away_is_named()
    {
        await using ApiServerStandin standin = await StartAsync();
        await using KubernetesFixture fixture = await FixtureAsync(
            standin, new() { ["https_proxy"] = "http://me:secret@127.0.0.1:1" });
        IOException exception = await Should.ThrowAsync<IOException>(() => fixture.Source.FindAsync("own", default));
        exception.Message.ShouldStartWith("cannot be reached by way of the proxy 127.0.0.1:1: ");
    }

    [Fact]
    public async Task A_ClusterIP_that_leads_nowhere_is_named_with_the_key_for_the_servers_own_address()
    {
        File.WriteAllText(_directory["token"], "first");
        Dictionary<string, string> variables = new()
        {
            ["KUBERNETES_SERVICE_HOST"] = "127.0.0.1",
            ["KUBERNETES_SERVICE_PORT"] = "1",
        };
        await using KubernetesFixture fixture = await KubernetesFixture.StartAsync(change: options => options with
        {
            ApiServer = "",
            ServiceAccountDirectory = _directory.Path,
            Variables = variables.GetValueOrDefault,
        });
        IOException exception = await Should.ThrowAsync<IOException>(() => fixture.Source.FindAsync("own", default));
        exception.Message.ShouldBe(
            "cannot be reached: Connection refused; 127.0.0.1 is KUBERNETES_SERVICE_HOST, as a rule a ClusterIP, which "
            + "leads nowhere while kube-proxy is not running on this node: set "
            + "Overlay:ControlPlane:Kubernetes:ApiServer to the server's own address such as https://192.0.2.10:6443");
    }

    private async Task<ApiServerStandin> StartAsync()
    {
        ApiServerStandin standin = await ApiServerStandin.StartAsync(new() { Certificates = _certificates });
        standin.Nodes.Put(SampleNodes.Of(Own));
        return standin;
    }

    // By a name: this host's own addresses are asked without a proxy.
    private Task<KubernetesFixture> FixtureAsync(ApiServerStandin standin, Dictionary<string, string> variables)
    {
        File.WriteAllText(_directory["token"], "first");
        File.WriteAllText(_directory["ca.crt"], _certificates.AuthorityPem);
        return KubernetesFixture.StartAsync(change: options => options with
        {
            ApiServer = $"https://standin.example.com:{standin.Url.Port}",
            ServiceAccountDirectory = _directory.Path,
            Variables = variables.GetValueOrDefault,
        });
    }
}
